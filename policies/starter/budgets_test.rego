package sluice.rules.budgets_test

import data.sluice.rules.budgets

_limits := {"run_rows": 100, "subject_denials": 3}

_facts(rows, denied, classes) := {
	"requests": 1,
	"denied": denied,
	"rows": rows,
	"bytes": 1,
	"classes": classes,
	"as_of_ms": 1,
}

_read(rows) := {
	"action": {"name": "sql.select", "read_only": true},
	"run": {"id": "run_1", "facts": _facts(rows, 0, ["pii"])},
	"target": {"labels": {}},
}

_write(run, subject) := {
	"action": {"name": "sql.insert", "read_only": false},
	"run": run,
	"subject": {"facts": subject},
	"target": {"labels": {"exposure": "external"}},
}

test_a_run_reads_so_many_rows_and_no_more if {
	count(budgets.deny) == 0 with input as _read(100) with data.budgets as _limits
	{reason.rule | some reason in budgets.deny} == {"budgets/rows"} with input as _read(101) with data.budgets as _limits
}

test_a_run_that_read_personal_data_does_not_write_outside if {
	asked := _write({"id": "run_1", "facts": _facts(1, 0, ["pii"])}, _facts(1, 0, ["pii"]))
	{reason.rule | some reason in budgets.deny} == {"budgets/pii_leaves"} with input as asked with data.budgets as _limits
	count(budgets.hold) == 0 with input as asked with data.budgets as _limits
}

test_another_run_of_the_same_subject_does if {
	asked := _write({"id": "run_2", "facts": _facts(0, 0, [])}, _facts(1, 0, ["pii"]))
	count(budgets.deny) == 0 with input as asked with data.budgets as _limits
	count(budgets.hold) == 0 with input as asked with data.budgets as _limits
}

test_who_names_no_run_is_asked_about if {
	asked := _write({"id": null}, _facts(1, 0, ["pii"]))
	count(budgets.deny) == 0 with input as asked with data.budgets as _limits
	{hold.rule | some hold in budgets.hold} == {"budgets/pii_may_leave"} with input as asked with data.budgets as _limits
}

test_who_is_denied_again_and_again_is_denied_everything if {
	asked := object.union(_read(1), {"subject": {"facts": _facts(1, 3, [])}})
	{reason.rule | some reason in budgets.deny} == {"budgets/denials"} with input as asked with data.budgets as _limits
}

test_without_facts_there_is_no_budget if {
	asked := {"action": {"name": "sql.select", "read_only": true}, "run": {"id": null}, "subject": {}, "target": {"labels": {}}}
	count(budgets.deny) == 0 with input as asked with data.budgets as _limits
	count(budgets.hold) == 0 with input as asked with data.budgets as _limits
}
