package sluice.rules.console_test

import data.sluice.rules.console

test_reading_is_allowed if {
	{reason.rule | some reason in console.allow} == {"console/read"} with input.action.read_only as true
}
