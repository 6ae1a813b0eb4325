package sluice.rules.reporting_test

import data.sluice.rules.reporting

_select := {
	"subject": {"groups": ["langchain"]},
	"action": {"name": "sql.select", "kind": "select", "read_only": true, "functions": []},
}

_allowed(change) if count(reporting.allow) == 1 with input as object.union(_select, change)

test_readers_may_select if _allowed({})

test_readers_may_explain if _allowed({"action": {"name": "sql.explain"}})

test_readers_may_prepare_a_select if _allowed({"action": {"name": "sql.prepare", "of": "sql.select"}})

test_strangers_may_not if not _allowed({"subject": {"groups": ["strangers"]}})

test_not_when_something_changes if not _allowed({"action": {"read_only": false}})

test_not_when_it_takes_a_lock if not _allowed({"action": {"functions": ["pg_advisory_lock"]}})

test_not_a_call if not _allowed({"action": {"name": "sql.call"}})
