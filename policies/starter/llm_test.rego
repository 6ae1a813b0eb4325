package sluice.rules.llm_test

import data.sluice.rules.llm

_roles := {"agents": ["prompter"]}

_llm := {"models": {"prompter": ["gpt-4o*", "claude-*"]}, "tools_denied": ["computer*", "mcp:*"]}

_asked(over) := {
	"subject": {"groups": ["agents"]},
	"grants": [],
	"action": {
		"profile": "openai",
		"llm": object.union({"model": "gpt-4o-mini", "tools": [], "background": false}, over),
	},
}

_denied(asked) := rules if {
	rules := {reason.rule | some reason in llm.deny} with input as asked with data.roles as _roles with data.llm as _llm
}

test_a_role_asks_its_models if {
	count(llm.allow) == 1 with input as _asked({}) with data.roles as _roles with data.llm as _llm
	count(llm.allow) == 1 with input as _asked({"model": "claude-x.1/y"}) with data.roles as _roles with data.llm as _llm
	count(llm.allow) == 0 with input as _asked({"model": "o3"}) with data.roles as _roles with data.llm as _llm
	{reason.rule | some reason in llm.allow} == {"llm/ask"} with input as _asked({}) with data.roles as _roles with data.llm as _llm
}

test_other_models_are_denied_whatever_else_is_allowed if {
	_denied(_asked({"model": "o3"})) == {"llm/model"}
	_denied(object.union(_asked({}), {"subject": {"groups": ["others"]}})) == {"llm/model"}
}

test_without_the_role_nothing_is_asked if {
	asked := object.union(_asked({}), {"subject": {"groups": ["others"]}})
	count(llm.allow) == 0 with input as asked with data.roles as _roles with data.llm as _llm
}

test_some_tools_are_given_to_no_model if {
	_denied(_asked({"tools": ["run_sql"]})) == set()
	_denied(_asked({"tools": ["run_sql", "mcp:wiki"]})) == {"llm/tool"}
	_denied(_asked({"tools": ["computer_use_preview"]})) == {"llm/tool"}
}

test_an_unknown_path_is_denied if {
	_denied({"action": {"profile": "openai", "llm": null}}) == {"llm/unknown"}
}

test_where_no_profile_is_nothing_is_said if {
	_denied({"action": {"profile": null, "llm": null}}) == set()
	_denied({"action": {"name": "sql.select"}}) == set()
}

test_what_is_not_counted_is_denied if {
	_denied(_asked({"background": true})) == {"llm/background"}
}
