package sluice.rules.feature_flags_test

import data.sluice.rules.feature_flags

_update := {
	"subject": {"groups": ["flag-writers"]},
	"action": {
		"name": "sql.update",
		"read_only": false,
		"has_where": true,
		"functions": [],
		"relations": [{"schema": "public", "name": "feature_flags", "access": "update", "columns": ["enabled"]}],
	},
}

_customers := [{"schema": "public", "name": "customers", "access": "read", "columns": ["name"]}]

_allowed(change) if count(feature_flags.allow) == 1 with input as object.union(_update, change)

test_switch if _allowed({})

test_add if _allowed({"action": {"name": "sql.insert", "has_where": null}})

test_read if _allowed({"action": {"name": "sql.select", "read_only": true}})

test_not_every_flag_at_once if not _allowed({"action": {"has_where": false}})

test_not_another_table if not _allowed({"action": {"relations": _customers}})

test_not_with_another_table_beside if {
	not _allowed({"action": {"relations": array.concat(_update.action.relations, _customers)}})
}

test_not_for_other_groups if not _allowed({"subject": {"groups": ["langchain"]}})

test_not_a_delete if not _allowed({"action": {"name": "sql.delete"}})

test_not_a_select_that_changes_something if not _allowed({"action": {"name": "sql.select", "read_only": false}})

test_not_another_statement_that_only_reads if not _allowed({"action": {"name": "sql.copy_out", "read_only": true}})

test_not_with_a_lock if not _allowed({"action": {"functions": ["pg_advisory_lock"]}})
