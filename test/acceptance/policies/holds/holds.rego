# METADATA
# title: Holds
# description: Every change waits for an approval, longer than most clients and load balancers are patient.
package sluice.rules.holds

import data.sluice.sql

allow contains {"rule": "holds/read", "message": "Reading is free."} if input.action.read_only

allow contains {"rule": "holds/session", "message": "So is talking."} if {
	sql.statement in {"sql.transaction", "sql.show", "sql.set", "sql.deallocate"}
}

hold contains {
	"rule": "holds/change",
	"message": "Changing rows needs an approval.",
	"approvers": ["dba"],
	"hold_s": 400,
} if {
	count(sql.changed) > 0
}
