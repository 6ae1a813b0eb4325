# METADATA
# title: Budgets
# description: |
#   What an agent may do in one run, by what the log says that it did. A run is named by its client: a caller that names
#   none, or always another one, is bounded by what its subject did.
package sluice.rules.budgets

deny contains {
	"rule": "budgets/rows",
	"message": concat(" ", ["This run has read", format_int(input.run.facts.rows, 10), "rows; it may read", format_int(data.budgets.run_rows, 10)]),
	"remedy": "Ask for less, or begin a run that needs less.",
} if {
	input.run.facts.rows > data.budgets.run_rows
	input.action.read_only
}

# Of language models. What is under way is not counted yet, so a run may end a little beyond.
deny contains {
	"rule": "budgets/run_tokens",
	"message": concat(" ", ["This run has used", format_int(input.run.facts.tokens, 10), "tokens of language models; it may use", format_int(data.budgets.run_tokens, 10)]),
	"remedy": "Begin a run that needs less.",
} if {
	_asks_a_model
	input.run.facts.tokens >= data.budgets.run_tokens
}

deny contains {
	"rule": "budgets/run_cost",
	"message": concat(" ", ["The language models of this run have cost", _units(input.run.facts.cost_micros), "by the price list; it may cost", _units(data.budgets.run_cost_micros)]),
	"remedy": "Begin a run that needs less.",
} if {
	_asks_a_model
	input.run.facts.cost_micros >= data.budgets.run_cost_micros
}

deny contains {
	"rule": "budgets/subject_tokens",
	"message": concat(" ", ["This subject has used", format_int(input.subject.facts.tokens, 10), "tokens of language models within a day; it may use", format_int(data.budgets.subject_tokens, 10)]),
	"remedy": "Wait, or ask the operator for more.",
} if {
	_asks_a_model
	input.subject.facts.tokens >= data.budgets.subject_tokens
}

deny contains {
	"rule": "budgets/subject_cost",
	"message": concat(" ", ["The language models of this subject have cost", _units(input.subject.facts.cost_micros), "within a day by the price list; they may cost", _units(data.budgets.subject_cost_micros)]),
	"remedy": "Wait, or ask the operator for more.",
} if {
	_asks_a_model
	input.subject.facts.cost_micros >= data.budgets.subject_cost_micros
}

# What was read must not leave by another door.
deny contains {
	"rule": "budgets/pii_leaves",
	"message": "This run has read personal data and may not write to a target that others read.",
	"remedy": "Write from a run that reads no personal data.",
} if {
	_writes_outside
	"pii" in input.run.facts.classes
}

hold contains {
	"rule": "budgets/pii_may_leave",
	"message": "The caller has read personal data today and names no run: a write to a target that others read needs an approval.",
	"approvers": data.approvers,
	"quorum": 1,
	"expires_s": data.approval_s,
	"hold_s": data.hold_s,
} if {
	_writes_outside
	input.run.id == null
	"pii" in input.subject.facts.classes
}

# Whoever is refused again and again is not working, but probing.
deny contains {
	"rule": "budgets/denials",
	"message": concat(" ", [format_int(input.subject.facts.denied, 10), "requests of this subject were denied within a day: nothing more is tried today."]),
	"remedy": "Ask the operator.",
} if {
	input.subject.facts.denied >= data.budgets.subject_denials
}

_writes_outside if {
	input.target.labels.exposure == "external"
	not input.action.read_only
}

_asks_a_model if input.action.llm.model

_units(micros) := format_int(floor(micros / 1000000), 10)
