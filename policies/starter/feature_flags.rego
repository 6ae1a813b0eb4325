# METADATA
# title: Feature flags
# description: An agent that may switch feature flags, and see and touch nothing else.
package sluice.rules.feature_flags

import data.access
import data.sluice.sql

# METADATA
# title: Flags only
# description: Flag writers may read, add and switch flags; `data.flag_relations` lists the tables.
allow contains {"rule": "feature_flags/write", "message": "Switching feature flags is allowed."} if {
	"flag_writer" in access.roles
	_permitted
	count(sql.advisory_locks) == 0
	every relation in sql.changed | sql.read {
		relation in data.flag_relations
	}
}

_permitted if {
	sql.statement == "sql.select"
	input.action.read_only == true
}

_permitted if sql.statement == "sql.insert"

_permitted if {
	sql.statement == "sql.update"
	input.action.has_where == true
}
