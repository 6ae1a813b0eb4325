package access_test

import data.access

test_roles_of_all_groups if {
	access.roles == {"reader", "writer", "shell", "flag_writer"} with input.subject.groups as ["dba", "flag-writers"]
}

test_without_a_group_there_is_no_role if {
	access.roles == set() with input.subject.groups as []
	access.roles == set() with input.subject.groups as ["strangers"]
}

test_who_acts_for_somebody_has_what_both_have if {
	access.roles == {"reader", "writer", "prompter"} with input.subject.groups as ["analysts", "pii-readers"]
		with input.subject.claims as {"actor_groups": ["analysts", "langchain"]}
	access.roles == set() with input.subject.groups as ["pii-readers"] with input.subject.claims as {"actor_groups": []}
	access.roles == set() with input.subject.groups as ["pii-readers"]
		with input.subject.claims as {"actor_groups": "pii-readers"}
}

test_a_grant_adds_its_role if {
	access.roles == {"reader"} with input.subject.groups as [] with input.grants as [_grant("reader")]
	access.roles == {"flag_writer", "reader"} with input.subject.groups as ["flag-writers"]
		with input.grants as [_grant("reader")]
}

test_no_grant_no_role if access.roles == set() with input.subject.groups as [] with input.grants as []

_grant(role) := {
	"id": "grt_00000000000000000000000000",
	"target": "shop",
	"role": role,
	"until_ms": 1767272400000,
	"reason": "figures",
	"given_by": "https://issuer.example#bob",
}
