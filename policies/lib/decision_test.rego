package sluice.decision_test

import data.sluice.decision

_allow := {"rule": "a/allow", "message": "Yes."}

_deny := {"rule": "b/deny", "message": "No.", "remedy": "Ask."}

_hold := {"rule": "c/hold", "message": "Wait.", "approvers": ["dba", "leads"], "quorum": 2}

_judged(rules) := result if {
	document := {"version": 1, "action": {"name": "sql.select"}}
	result := decision.result with data.sluice.rules as rules with input as document
}

_prepared(rules) := result if {
	action := {"name": "sql.prepare", "of": "sql.delete", "prepare": true}
	result := decision.result with data.sluice.rules as rules with input as {"version": 1, "action": action}
}

_rules(result) := {reason.rule | some reason in result.reasons}

test_a_document_that_cannot_be_read_denies if {
	some document in [{}, {"version": 2}, "text", null]
	result := decision.result with data.sluice.rules as {"a": {"allow": {_allow}}} with input as document
	result.effect == "deny"
	_rules(result) == {"policy/input"}
}

test_nothing_denies if {
	result := _judged({})
	result.effect == "deny"
	_rules(result) == {"sluice/no_allow"}
	result.approval == null
}

test_allow if {
	result := _judged({"a": {"allow": {_allow}}})
	result.effect == "allow"
	result.reasons == {_allow}
	result.limits == {"rows": null, "bytes": null, "timeout_ms": null}
}

test_deny_overrides_all if {
	result := _judged({"a": {"allow": {_allow}}, "b": {"deny": {_deny}}, "c": {"hold": {_hold}}})
	result.effect == "deny"
	result.reasons == {_deny}
	result.approval == null
}

test_hold_overrides_allow if {
	result := _judged({"a": {"allow": {_allow}}, "c": {"hold": {_hold}}})
	result.effect == "hold"
	result.reasons == {{"rule": "c/hold", "message": "Wait."}}
	result.approval == {"approvers": {"dba", "leads"}, "quorum": 2, "expires_s": 3600, "hold_s": 120, "scope": "once"}
}

test_holds_become_one_that_satisfies_each if {
	other := {"rule": "d/hold", "message": "Wait too.", "approvers": ["leads"], "expires_s": 60, "hold_s": 0}
	result := _judged({"c": {"hold": {_hold}}, "d": {"hold": {other}}})
	result.effect == "hold"
	result.approval == {"approvers": {"leads"}, "quorum": 2, "expires_s": 60, "hold_s": 0, "scope": "once"}
}

_approval := {"id": "apr_1", "rules": ["c/hold"], "approvers": ["dba"], "quorum": 2}

_judged_with(approvals, rules) := result if {
	document := {"version": 1, "action": {"name": "sql.delete"}, "approvals": approvals}
	result := decision.result with data.sluice.rules as rules with input as document
}

test_what_was_approved_is_allowed if {
	result := _judged_with([_approval], {"c": {"hold": {_hold}}})
	result.effect == "allow"
	_rules(result) == {"c/hold"}
	result.approval == null
}

test_what_was_approved_can_be_denied_meanwhile if {
	result := _judged_with([_approval], {"b": {"deny": {_deny}}, "c": {"hold": {_hold}}})
	result.effect == "deny"
}

test_an_approval_for_less_than_the_rule_asks_does_not_count if {
	some less in [
		object.union(_approval, {"rules": ["c/other"]}),
		object.union(_approval, {"quorum": 1}),
		object.union(_approval, {"approvers": ["dba", "anyone"]}),
	]
	result := _judged_with([less], {"c": {"hold": {_hold}}})
	result.effect == "hold"
}

test_a_new_rule_holds_what_another_one_let_go if {
	other := {"rule": "d/hold", "message": "Wait more.", "approvers": ["dba"]}
	result := _judged_with([_approval], {"c": {"hold": {_hold}}, "d": {"hold": {other}}})
	result.effect == "hold"
	_rules(result) == {"c/hold", "d/hold"}
	result.approval.quorum == 2
}

_glass := {"rule": "e/on_call", "message": "On call.", "remedy": ""}

test_a_broken_glass_lifts_a_hold_with_an_alarm if {
	result := _judged({"c": {"hold": {_hold}}, "e": {"break_glass": {_glass}}})
	result.effect == "allow"
	_rules(result) == {"c/hold", "e/on_call"}
	result.labels == {"alarm": "e/on_call"}
	result.approval == null
}

test_a_broken_glass_lifts_no_denial if {
	result := _judged({"b": {"deny": {_deny}}, "c": {"hold": {_hold}}, "e": {"break_glass": {_glass}}})
	result.effect == "deny"
	result.labels == {}
}

test_no_alarm_where_nobody_would_wait if {
	result := _judged({"a": {"allow": {_allow}}, "e": {"break_glass": {_glass}}})
	result.effect == "allow"
	_rules(result) == {"a/allow"}
	result.labels == {}
}

test_an_unknown_key_of_a_broken_glass_denies if {
	result := _judged({"c": {"hold": {_hold}}, "e": {"break_glass": {object.union(_glass, {"silent": true})}}})
	result.effect == "deny"
	_rules(result) == {"policy/obligation"}
}

test_the_scope_of_a_hold_is_taken if {
	every scope in ["once", "run", "window"] {
		_judged({"c": {"hold": {object.union(_hold, {"scope": scope})}}}).approval.scope == scope
	}
}

test_of_several_scopes_the_one_that_releases_least_applies if {
	window := object.union(_hold, {"rule": "d/hold", "scope": "window"})
	run := object.union(_hold, {"rule": "e/hold", "scope": "run"})
	_judged({"c": {"hold": {window, run}}}).approval.scope == "run"
	_judged({"c": {"hold": {window, run, _hold}}}).approval.scope == "once"
}

test_an_unknown_scope_denies if {
	every scope in ["forever", "", "ONCE", 1, null] {
		_rules(_judged({"c": {"hold": {object.union(_hold, {"scope": scope})}}})) == {"policy/obligation"}
	}
}

test_holds_without_a_common_approver_deny if {
	result := _judged({"c": {"hold": {_hold}}, "d": {"hold": {object.union(_hold, {"approvers": ["boss"]})}}})
	result.effect == "deny"
	_rules(result) == {"policy/approvers"}
}

test_a_hold_without_approvers_denies if {
	result := _judged({"a": {"allow": {_allow}}, "c": {"hold": {object.remove(_hold, {"approvers"})}}})
	result.effect == "deny"
}

test_what_is_only_prepared_waits_for_nobody if {
	result := _prepared({"c": {"hold": {_hold}}})
	result.effect == "allow"
	_rules(result) == {"c/hold"}
	result.approval == null
}

test_what_is_only_prepared_can_be_denied if {
	_prepared({"b": {"deny": {_deny}}, "c": {"hold": {_hold}}}).effect == "deny"
}

test_what_is_only_prepared_needs_an_allow if {
	_prepared({}).effect == "deny"
}

test_the_least_limit_applies if {
	result := _judged({
		"a": {"allow": {_allow}, "limit": {{"rows": 100, "bytes": 5000}}},
		"b": {"limit": {{"rows": 10, "rule": "b/limit"}}},
	})
	result.effect == "allow"
	result.limits == {"rows": 10, "bytes": 5000, "timeout_ms": null}
}

test_an_unknown_limit_denies if {
	result := _judged({"a": {"allow": {_allow}, "limit": {{"row": 10}}}})
	result.effect == "deny"
	_rules(result) == {"policy/obligation"}
}

test_a_limit_that_is_no_number_denies if {
	_judged({"a": {"allow": {_allow}, "limit": {{"rows": "10"}, {"rows": 20}}}}).effect == "deny"
	_judged({"a": {"allow": {_allow}, "limit": {10}}}).effect == "deny"
}

test_an_unknown_key_of_a_hold_denies if {
	result := _judged({"c": {"hold": {object.union(_hold, {"quorums": 3})}}})
	result.effect == "deny"
	_rules(result) == {"policy/obligation"}
}

test_masks_of_all_packages if {
	a := {"relation": "public.a", "column": "x", "method": "stars", "rule": "a/mask"}
	b := {"relation": "public.b", "column": "x", "method": "null", "rule": "b/mask"}
	_judged({"a": {"allow": {_allow}, "mask": {a}}, "b": {"mask": {b}}}).mask == {a, b}
}
