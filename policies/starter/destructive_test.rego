package sluice.rules.destructive_test

import data.sluice.rules.destructive

_rules(action) := rules if {
	rules := {reason.rule | some reason in destructive.deny} with input as {
		"subject": {"groups": ["dba"]},
		"target": {"labels": {}},
		"action": object.union({"kind": "select", "has_where": null, "objects": []}, action),
	}
}

test_drop if {
	_rules({"name": "sql.ddl", "kind": "drop_table"}) == {"destructive/drop"}
	_rules({"name": "sql.prepare", "of": "sql.ddl", "kind": "drop_schema"}) == {"destructive/drop"}
}

test_no_drop if {
	_rules({"name": "sql.ddl", "kind": "create_table"}) == set()
}

test_truncate if {
	_rules({"name": "sql.truncate", "kind": "truncate"}) == {"destructive/truncate"}
	_rules({"name": "sql.prepare", "of": "sql.truncate", "kind": "truncate"}) == {"destructive/truncate"}
}

test_no_truncate if {
	_rules({"name": "sql.select"}) == set()
}

test_without_where if {
	_rules({"name": "sql.delete", "has_where": false}) == {"destructive/no_where"}
	_rules({"name": "sql.update", "has_where": null}) == {"destructive/no_where"}
	_rules({"name": "sql.prepare", "of": "sql.update", "has_where": false}) == {"destructive/no_where"}
}

test_with_where if {
	_rules({"name": "sql.delete", "has_where": true}) == set()
	_rules({"name": "sql.update", "has_where": true}) == set()
}

test_administration if {
	_rules({"name": "sql.ddl", "kind": "grant"}) == {"destructive/administration"}
	_rules({"name": "sql.ddl", "kind": "create_extension"}) == {"destructive/administration"}
}

test_no_administration if {
	_rules({"name": "sql.ddl", "kind": "create_index"}) == set()
}

test_the_extension_of_a_vector_store if {
	count(destructive.deny) == 0 with input as {
		"subject": {"groups": ["langchain"]},
		"target": {"labels": {"purpose": "vector-store"}},
		"action": {"name": "sql.ddl", "kind": "create_extension", "objects": ["vector"]},
	}
}
