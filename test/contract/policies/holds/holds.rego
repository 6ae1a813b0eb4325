# METADATA
# title: Holds
# description: Every change waits for an approval; how long its caller waits is said by the table.
package sluice.rules.holds

import data.sluice.sql

allow contains {"rule": "holds/read", "message": "Reading is free."} if input.action.read_only

allow contains {"rule": "holds/session", "message": "So is talking."} if input.action.name == "sql.transaction"

hold contains {
	"rule": "holds/change",
	"message": "Changing rows needs an approval.",
	"approvers": ["dba"],
	"quorum": _quorum,
	"hold_s": _hold_s,
	"expires_s": 60,
} if {
	count(sql.changed) > 0
}

_hold_s := 0 if {
	input.action.transaction == "dirty"
} else := 1 if {
	"public.brief" in sql.changed
} else := 30

_quorum := 2 if {
	"public.double" in sql.changed
} else := 1
