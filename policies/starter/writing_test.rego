package sluice.rules.writing_test

import data.sluice.rules.writing

_action := {"read_only": false, "relations": [], "functions": [], "has_where": null}

_rules(action) := rules if {
	rules := {reason.rule | some reason in writing.allow} with input as {
		"subject": {"groups": ["langchain"]},
		"action": object.union(_action, action),
	}
}

_users := [{"schema": "public", "name": "users", "access": "update", "columns": []}]

test_insert if {
	_rules({"name": "sql.insert"}) == {"writing/insert"}
	_rules({"name": "sql.copy_in"}) == {"writing/insert"}
}

test_insert_needs_a_writer if {
	count(writing.allow) == 0 with input as {
		"subject": {"groups": ["flag-writers"]},
		"action": {"name": "sql.insert", "functions": []},
	}
}

test_insert_takes_no_lock if {
	_rules({"name": "sql.insert", "functions": ["pg_advisory_lock"]}) == set()
}

test_update_with_where if {
	_rules({"name": "sql.update", "has_where": true}) == {"writing/update"}
	_rules({"name": "sql.prepare", "of": "sql.update", "has_where": true}) == {"writing/update"}
}

test_update_without_where if {
	_rules({"name": "sql.update", "has_where": false}) == set()
	_rules({"name": "sql.update", "has_where": null}) == set()
}

test_delete_is_not_writing if {
	_rules({"name": "sql.delete", "has_where": true}) == set()
}

test_select_for_a_change if {
	_rules({"name": "sql.select"}) == {"writing/select"}
}

test_select_that_changes_rows if {
	_rules({"name": "sql.select", "relations": _users}) == set()
}

test_select_that_changes_nothing if {
	_rules({"name": "sql.select", "read_only": true}) == set()
}

test_no_lock_beside_a_change if {
	_rules({"name": "sql.update", "has_where": true, "functions": ["pg_advisory_lock"]}) == set()
	_rules({"name": "sql.select", "functions": ["pg_advisory_lock"]}) == set()
}
