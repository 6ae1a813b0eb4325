package sluice.rules.masks_test

import data.sluice.rules.masks

_columns(groups) := columns if {
	columns := {$"{mask.relation}.{mask.column}": mask.method | some mask in masks.mask}
		with input.subject.groups as groups
		with input.target.protocol as "postgres"
}

test_protected_columns if {
	_columns(["langchain"]) == {
		"public.customers.ssn": "last4",
		"public.customers.card": "last4",
		"public.customers.email": "email",
	}
}

test_strangers_see_no_more if {
	_columns([]) == _columns(["langchain"])
}

test_readers_of_personal_data if {
	_columns(["pii-readers"]) == {}
}

test_clear_views if {
	clear := {mask.relation | some mask in masks.mask; mask.method == "none"}
		with data.clear_views as ["public.active"]
		with input.subject.groups as []
		with input.target.protocol as "postgres"
	clear == {"public.active"}
}

test_no_clear_views if {
	count({mask | some mask in masks.mask; mask.method == "none"}) == 0 with input.subject.groups as []
		with input.target.protocol as "postgres"
}

_findings(groups, protocol) := _labelled(groups, protocol, {})

_labelled(groups, protocol, labels) := findings if {
	findings := {mask.detector: mask.method | some mask in masks.mask; mask.rule == "masks/findings"}
		with input.subject.groups as groups
		with input.target.protocol as protocol
		with input.target.labels as labels
}

test_findings_in_answers_of_apis if {
	_findings(["langchain"], "http") == {"card": "last4", "ssn": "last4", "email": "email", "key": "redact"}
	_findings(["pii-readers"], "http") == {}
	_findings(["langchain"], "postgres") == {}
}

test_findings_in_what_hosts_print if {
	_findings(["langchain"], "ssh") == _findings(["langchain"], "http")
	_findings(["pii-readers"], "ssh") == {}
}

test_findings_in_databases_that_say_so if {
	_labelled(["langchain"], "postgres", {"findings": "masked"}) == _findings(["langchain"], "http")
	_labelled(["pii-readers"], "postgres", {"findings": "masked"}) == {}
	_labelled(["langchain"], "postgres", {"findings": "shown"}) == {}
}

_prompts(groups, profile) := findings if {
	findings := {mask.detector: mask.method | some mask in masks.mask; mask.rule == "masks/prompts"; mask.of == "request"}
		with input.subject.groups as groups
		with input.target.protocol as "http"
		with input.action.profile as profile
}

test_findings_in_what_language_models_are_asked if {
	_prompts(["langchain"], "openai") == {"card": "last4", "ssn": "last4", "email": "email", "key": "redact"}
}

test_readers_of_personal_data_hand_none_to_a_model if {
	_prompts(["pii-readers"], "anthropic") == _prompts(["langchain"], "openai")
}

test_what_is_written_to_other_apis_stays_as_it_is if {
	_prompts(["langchain"], null) == {}
}

test_uses_of_protected_columns if {
	uses := {[mask.derived, mask.predicates, mask.moves] | some mask in masks.mask; mask.rule == "masks/protected"}
		with input.subject.groups as ["langchain"]
		with input.target.protocol as "postgres"
	uses == {["mask", "equality", "refuse"]}
}

test_no_uses_of_protected_columns_for_readers_of_personal_data if {
	uses := {mask.derived | some mask in masks.mask; mask.rule == "masks/protected"}
		with input.subject.groups as ["pii-readers"]
		with input.target.protocol as "postgres"
	uses == set()
}
