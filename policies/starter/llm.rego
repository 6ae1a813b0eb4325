# METADATA
# title: Language models
# description: |
#   Who may ask which model, and with which tools, at targets with a `profile`. `data.json` says so: patterns of models by
#   role, and patterns of tools that nobody may give to a model. What it may cost is in the budgets.
package sluice.rules.llm

import data.access

# METADATA
# title: Asking a model
# description: One of those that are open to a role of the subject.
allow contains {"rule": "llm/ask"} if _open

# METADATA
# title: Other models
# description: Whoever may write to APIs may not therefore ask every model.
deny contains {
	"rule": "llm/model",
	"message": concat(" ", ["The model", input.action.llm.model, "is not open to the caller."]),
	"remedy": "Ask one that is.",
} if {
	input.action.llm.model
	not _open
}

_open if {
	some role in access.roles
	some pattern in data.llm.models[role]
	glob.match(pattern, null, input.action.llm.model)
}

# METADATA
# title: Unknown paths
# description: Files, batches, fine-tuning and whatever else comes to be are not asked for by accident.
deny contains {
	"rule": "llm/unknown",
	"message": "Of this API only asking a language model is known here.",
	"remedy": "Ask the operator to allow the path.",
} if {
	is_string(input.action.profile)
	input.action.llm == null
}

# METADATA
# title: Tools
# description: A tool that a model may use is used by whoever can talk it into that.
deny contains {
	"rule": "llm/tool",
	"message": concat(" ", ["A language model may not be given the tool", tool]),
	"remedy": "Ask without it.",
} if {
	some tool in input.action.llm.tools
	some pattern in data.llm.tools_denied
	glob.match(pattern, null, tool)
}

# METADATA
# title: Answers in the background
# description: They are fetched later, by a request that says nothing of what they cost.
deny contains {
	"rule": "llm/background",
	"message": "An answer in the background is not counted, so it cannot be asked for.",
	"remedy": "Ask without background.",
} if {
	input.action.llm.background
}
