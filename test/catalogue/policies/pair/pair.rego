# METADATA
# title: Two people
# description: Everything is allowed but deleting rows, which two of the approvers must agree to.
package sluice.rules.pair

import data.sluice.sql

allow contains {"rule": "pair/all"} if true

hold contains {
	"rule": "pair/delete",
	"message": "Deleting rows needs two approvals.",
	"approvers": ["dba"],
	"quorum": 2,
	"hold_s": 60,
	"expires_s": 600,
} if {
	sql.statement == "sql.delete"
}
