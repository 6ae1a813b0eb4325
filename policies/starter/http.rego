# METADATA
# title: HTTP
# description: What may be asked of APIs. Changes need the role of a writer, and deleting needs an approval.
package sluice.rules.http

import data.access

# METADATA
# title: Reads
# description: Readers may fetch, but not with what changes something, such as a GraphQL mutation in a query.
allow contains {"rule": "web/read", "message": "Reading is allowed."} if {
	"reader" in access.roles
	input.action.name in {"http.get", "http.head", "http.options"}
	input.action.read_only == true
}

# METADATA
# title: Changes
# description: Writers may create and change. What is asked of a language model is judged by the rules for these.
allow contains {"rule": "web/write", "message": "Writing is allowed."} if {
	"writer" in access.roles
	input.action.name in {"http.post", "http.put", "http.patch"}
	not _asks_a_model
}

_asks_a_model if is_string(input.action.profile)

# METADATA
# title: Deleting
# description: What is deleted through an API waits for an approval.
hold contains {
	"rule": "web/delete",
	"message": "Deleting needs an approval.",
	"approvers": data.approvers,
	"hold_s": data.hold_s,
	"expires_s": data.approval_s,
} if {
	"writer" in access.roles
	input.action.name == "http.delete"
}

# METADATA
# title: Administration
# description: |
#   What stands below the paths of `data.administration` is for people with other tools. Asked of the segments: a slash at
#   the end or parameters behind `;` lead to the same place.
deny contains {
	"rule": "web/administration",
	"message": "Administration of the API is not allowed.",
	"remedy": "Ask the team that runs it.",
} if {
	startswith(input.action.name, "http.")
	some path in data.administration
	asked := concat("/", input.action.segments)
	startswith($"/{asked}/", $"{path}/")
}
