package access_test

import data.access

test_roles_of_all_groups if {
	access.roles == {"reader", "writer", "flag_writer"} with input.subject.groups as ["dba", "flag-writers"]
}

test_without_a_group_there_is_no_role if {
	access.roles == set() with input.subject.groups as []
	access.roles == set() with input.subject.groups as ["strangers"]
}
