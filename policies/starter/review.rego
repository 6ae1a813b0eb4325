# METADATA
# title: Review
# description: What one of the approvers must agree to first.
package sluice.rules.review

import data.access
import data.sluice.rules.vector_store
import data.sluice.sql

# METADATA
# title: Deleting rows
# description: A DELETE with WHERE waits for an approval.
hold contains {
	"rule": "review/delete",
	"message": "Deleting rows needs an approval.",
	"approvers": data.approvers,
	"hold_s": _hold_s,
	"expires_s": data.approval_s,
} if {
	"writer" in access.roles
	sql.statement == "sql.delete"
	not vector_store.deleting_documents
}

# METADATA
# title: Changing the schema
# description: Any other change of the schema waits for an approval.
hold contains {
	"rule": "review/schema",
	"message": "Changing the schema needs an approval.",
	"approvers": data.approvers,
	"hold_s": _hold_s,
	"expires_s": data.approval_s,
} if {
	"writer" in access.roles
	sql.statement == "sql.ddl"
	not vector_store.provisioning
}

# How long a caller waits on its connection before it is told to come back. A transaction that has changed something
# holds locks: others must not wait for a person.
_hold_s := 0 if {
	input.action.transaction == "dirty"
} else := data.hold_s
