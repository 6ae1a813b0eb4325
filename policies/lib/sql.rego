# METADATA
# title: SQL
# description: What rules over SQL statements keep asking.
package sluice.sql

# METADATA
# title: Statement
# description: |
#   The name of the action, e.g. `sql.delete`. A statement that is only prepared has the name that it will have when
#   it is executed, so that a rule need not care: what is denied is denied already when it is prepared.
statement := input.action.of if {
	input.action.name == "sql.prepare"
} else := input.action.name

# METADATA
# title: Changed relations
# description: Each relation that the statement changes, as `schema.name`.
changed contains name if {
	some relation in input.action.relations
	relation.access != "read"
	name := $"{relation.schema}.{relation.name}"
}

# METADATA
# title: Read relations
# description: Each relation that the statement reads, as `schema.name`; the server's own catalogues are left out.
read contains name if {
	some relation in input.action.relations
	relation.access == "read"
	not relation.schema in {"pg_catalog", "information_schema"}
	name := $"{relation.schema}.{relation.name}"
}

# METADATA
# title: Advisory locks
# description: The functions it calls that take an advisory lock, and so may block others. To give one back is harmless.
advisory_locks contains name if {
	some name in input.action.functions
	contains(name, "advisory_")
	not contains(name, "advisory_unlock")
}
