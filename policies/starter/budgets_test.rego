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

_tokens := {"run_tokens": 1000, "run_cost_micros": 5000000, "subject_tokens": 9000, "subject_cost_micros": 90000000}

_prompt(run, subject) := {
	"action": {"name": "http.post", "read_only": false, "llm": {"model": "a-model"}},
	"run": {"id": "run_1", "facts": object.union(_facts(0, 0, []), run)},
	"subject": {"facts": object.union(_facts(0, 0, []), subject)},
	"target": {"labels": {}},
}

_used(tokens, cost) := {"tokens": tokens, "cost_micros": cost}

_spent(asked) := rules if {
	rules := {reason.rule | some reason in budgets.deny} with input as asked with data.budgets as _tokens
}

test_a_run_uses_so_many_tokens if {
	_spent(_prompt(_used(999, 0), _used(999, 0))) == set()
	_spent(_prompt(_used(1000, 0), _used(1000, 0))) == {"budgets/run_tokens"}
	_spent(_prompt(_used(0, 4999999), _used(0, 0))) == set()
	_spent(_prompt(_used(0, 5000000), _used(0, 0))) == {"budgets/run_cost"}
}

test_a_subject_uses_so_many_tokens_whatever_its_runs_are if {
	_spent(_prompt(_used(0, 0), _used(9000, 0))) == {"budgets/subject_tokens"}
	_spent(_prompt(_used(0, 0), _used(0, 90000000))) == {"budgets/subject_cost"}
}

test_the_words_name_the_numbers if {
	asked := _prompt(_used(1200, 6500000), _used(0, 0))
	messages := {reason.message | some reason in budgets.deny} with input as asked with data.budgets as _tokens
	messages == {
		"This run has used 1200 tokens of language models; it may use 1000",
		"The language models of this run have cost 6 by the price list; it may cost 5",
	}
}

test_what_is_not_for_a_model_is_not_bounded_by_tokens if {
	asked := object.union(_read(1), {"run": {"facts": _used(5000, 0)}, "subject": {"facts": object.union(_facts(1, 0, []), _used(5000, 0))}})
	count(budgets.deny) == 0 with input as asked with data.budgets as object.union(_limits, _tokens)
}

test_without_facts_there_is_no_budget if {
	asked := {"action": {"name": "sql.select", "read_only": true}, "run": {"id": null}, "subject": {}, "target": {"labels": {}}}
	count(budgets.deny) == 0 with input as asked with data.budgets as _limits
	count(budgets.hold) == 0 with input as asked with data.budgets as _limits
}
