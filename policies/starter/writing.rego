# METADATA
# title: Writing
# description: Ordinary changes of rows.
package sluice.rules.writing

import data.access
import data.sluice.sql

# METADATA
# title: New rows
# description: Writers may insert rows and load them with COPY.
allow contains {"rule": "writing/insert", "message": "Inserting is allowed."} if {
	"writer" in access.roles
	sql.statement in {"sql.insert", "sql.copy_in"}
	count(sql.advisory_locks) == 0
}

# METADATA
# title: Changed rows
# description: Writers may update rows that a WHERE clause chooses.
allow contains {"rule": "writing/update", "message": "Updating with WHERE is allowed."} if {
	"writer" in access.roles
	sql.statement == "sql.update"
	input.action.has_where == true
	count(sql.advisory_locks) == 0
}

# METADATA
# title: Sequences and row locks
# description: Writers may run a SELECT that takes a number or locks its rows.
allow contains {"rule": "writing/select", "message": "Selecting for a change is allowed."} if {
	"writer" in access.roles
	sql.statement == "sql.select"
	not input.action.read_only == true
	count(sql.changed) == 0
	count(sql.advisory_locks) == 0
}
