package sluice.rules.session_test

import data.sluice.rules.session

_begin := {"subject": {"groups": ["flag-writers"]}, "action": {"name": "sql.transaction", "kind": "begin"}}

test_allowed_with_a_role if {
	count(session.allow) == 1 with input as _begin
}

test_denied_without_a_role if {
	count(session.allow) == 0 with input as object.union(_begin, {"subject": {"groups": []}})
}

test_denied_for_anything_else if {
	count(session.allow) == 0 with input as object.union(_begin, {"action": {"name": "sql.select"}})
}
