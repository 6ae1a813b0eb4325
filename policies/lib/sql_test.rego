package sluice.sql_test

import data.sluice.sql

_relations := [
	{"schema": "public", "name": "orders", "access": "read", "columns": ["id"]},
	{"schema": "public", "name": "flags", "access": "update", "columns": ["enabled"]},
	{"schema": "pg_catalog", "name": "pg_class", "access": "read", "columns": []},
]

test_statement if {
	sql.statement == "sql.select" with input.action as {"name": "sql.select", "of": null}
}

test_statement_of_a_prepared_one if {
	sql.statement == "sql.delete" with input.action as {"name": "sql.prepare", "of": "sql.delete"}
}

test_changed if {
	sql.changed == {"public.flags"} with input.action.relations as _relations
}

test_read_leaves_the_catalogues_out if {
	sql.read == {"public.orders"} with input.action.relations as _relations
}

test_advisory_locks if {
	sql.advisory_locks == {"pg_try_advisory_lock"} with input.action.functions as ["lower", "pg_try_advisory_lock"]
}

test_giving_a_lock_back_takes_none if {
	sql.advisory_locks == set() with input.action.functions as ["pg_advisory_unlock", "pg_advisory_unlock_all"]
}
