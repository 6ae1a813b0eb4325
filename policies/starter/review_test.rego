package sluice.rules.review_test

import data.sluice.rules.review

_holds(groups, labels, action) := holds if {
	holds := review.hold with input as {
		"subject": {"groups": groups},
		"target": {"labels": labels},
		"action": object.union({"has_where": true, "transaction": "clean", "objects": []}, action),
	}
}

_delete := {"name": "sql.delete", "kind": "delete"}

_create := {"name": "sql.ddl", "kind": "create_table"}

test_delete if {
	some hold in _holds(["langchain"], {}, _delete)
	hold.rule == "review/delete"
	hold.approvers == ["dba"]
	hold.hold_s == data.hold_s
}

test_delete_by_a_dba_too if {
	count(_holds(["dba"], {}, _delete)) == 1
}

test_nobody_waits_in_a_transaction_that_changed_something if {
	some hold in _holds(["langchain"], {}, object.union(_delete, {"transaction": "dirty"}))
	hold.hold_s == 0
}

test_no_hold_for_strangers if {
	count(_holds(["strangers"], {}, _delete)) == 0
}

test_no_hold_for_other_statements if {
	count(_holds(["langchain"], {}, {"name": "sql.update", "kind": "update"})) == 0
}

test_no_hold_on_documents if {
	count(_holds(["langchain"], {"purpose": "vector-store"}, _delete)) == 0
}

test_schema if {
	some hold in _holds(["langchain"], {}, _create)
	hold.rule == "review/schema"
}

test_no_hold_while_a_store_is_set_up if {
	count(_holds(["langchain"], {"purpose": "vector-store"}, _create)) == 0
}
