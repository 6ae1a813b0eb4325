package sluice.rules.vector_store_test

import data.sluice.rules.vector_store

_action := {
	"name": "sql.ddl",
	"kind": "create_table",
	"read_only": false,
	"has_where": null,
	"relations": [],
	"functions": [],
	"objects": [],
}

_rules(groups, labels, action) := rules if {
	rules := {reason.rule | some reason in vector_store.allow} with input as {
		"subject": {"groups": groups},
		"target": {"labels": labels},
		"action": object.union(_action, action),
	}
}

_store := {"purpose": "vector-store"}

_lock := {"name": "sql.select", "kind": "select", "functions": ["pg_advisory_xact_lock"]}

_extension := {"kind": "create_extension", "objects": ["vector"]}

_delete := {"name": "sql.delete", "kind": "delete", "has_where": true}

test_setup_on_a_store if {
	_rules(["langchain"], _store, {}) == {"vector_store/setup"}
	_rules(["langchain"], _store, {"kind": "create_index"}) == {"vector_store/setup"}
	_rules(["langchain"], _store, _extension) == {"vector_store/setup"}
}

test_setup_by_a_vector_writer if {
	_rules(["vector-writers"], {}, {}) == {"vector_store/setup"}
}

test_no_setup_elsewhere if {
	_rules(["langchain"], {}, {}) == set()
	_rules(["langchain"], {"purpose": "shop"}, _extension) == set()
}

test_no_setup_by_strangers if {
	_rules(["strangers"], _store, {}) == set()
}

test_no_other_extension if {
	_rules(["langchain"], _store, {"kind": "create_extension", "objects": ["dblink"]}) == set()
	_rules(["langchain"], _store, {"kind": "create_extension", "objects": ["vector", "dblink"]}) == set()
}

test_no_other_change_of_the_schema if {
	_rules(["langchain"], _store, {"kind": "create_function"}) == set()
	_rules(["langchain"], _store, {"kind": "drop_table"}) == set()
}

test_lock if {
	_rules(["langchain"], _store, _lock) == {"vector_store/lock"}
	_rules(["langchain"], {}, _lock) == set()
}

test_no_other_lock if {
	_rules(["langchain"], _store, object.union(_lock, {"functions": ["pg_advisory_lock"]})) == set()
	_rules(["langchain"], _store, object.union(_lock, {"functions": ["pg_advisory_xact_lock", "pg_advisory_lock"]})) == set()
}

test_lock_alone if {
	customers := [{"schema": "public", "name": "customers", "access": "read", "columns": ["*"]}]
	_rules(["langchain"], _store, object.union(_lock, {"relations": customers})) == set()
}

test_documents if {
	_rules(["langchain"], _store, _delete) == {"vector_store/delete"}
	_rules(["langchain"], _store, object.union(_delete, {"has_where": false})) == set()
	_rules(["vector-writers"], {}, _delete) == set()
}

test_no_setup_by_another_statement if {
	_rules(["langchain"], _store, {"name": "sql.other"}) == set()
	_rules(["langchain"], _store, object.union(_extension, {"name": "sql.other"})) == set()
}

test_nothing_else_of_that_name if {
	_rules(["langchain"], _store, object.union(_extension, {"kind": "create_schema"})) == set()
}

test_lock_in_a_select_only if {
	_rules(["langchain"], _store, object.union(_lock, {"name": "sql.update"})) == set()
}

test_no_lock_no_allow if {
	_rules(["langchain"], _store, object.union(_lock, {"functions": []})) == set()
}

test_no_documents_for_strangers if {
	_rules(["strangers"], _store, _delete) == set()
}

test_documents_are_deleted_not_changed if {
	_rules(["langchain"], _store, object.union(_delete, {"name": "sql.update"})) == set()
}
