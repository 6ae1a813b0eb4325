# METADATA
# title: Console
# description: What a person at the console sees of each kind. Reads are masked, deletes held for one, updates for two, drops denied.
package sluice.rules.console

import data.sluice.sql

allow contains {"rule": "console/read", "message": "Reading is allowed."} if input.action.read_only

allow contains {"rule": "console/session", "message": "So is talking."} if {
	sql.statement in {"sql.transaction", "sql.show", "sql.set", "sql.deallocate"}
}

allow contains {"rule": "console/http", "message": "So are requests."} if input.target.protocol == "http"

allow contains {"rule": "console/host", "message": "So are programs."} if input.target.protocol == "ssh"

mask contains {"relation": "public.customers", "column": column, "method": method, "rule": "console/mask"} if {
	some column, method in {"ssn": "last4", "email": "email"}
}

hold contains {
	"rule": "console/delete",
	"message": "Deleting rows needs an approval.",
	"approvers": ["dba"],
	"hold_s": 30,
} if {
	sql.statement == "sql.delete"
}

hold contains {
	"rule": "console/update",
	"message": "Changing rows needs two.",
	"approvers": ["dba"],
	"quorum": 2,
	"hold_s": 30,
} if {
	sql.statement == "sql.update"
}

hold contains {
	"rule": "console/insert",
	"message": "Adding rows needs an approval, and nobody waits long for it.",
	"approvers": ["dba"],
	"hold_s": 1,
} if {
	sql.statement == "sql.insert"
}

deny contains {"rule": "console/drop", "message": "DROP is not allowed.", "remedy": ""} if sql.statement == "sql.ddl"
