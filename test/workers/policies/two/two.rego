# METADATA
# title: Two workers
# description: Something of everything that several processes of a gateway must agree on.
package sluice.rules.two

import data.sluice.sql

allow contains {"rule": "two/any", "message": "Everything else is free."} if input.target.name != "vault"

allow contains {"rule": "two/granted", "message": "It was given."} if {
	some grant in input.grants
	grant.role == "reader"
}

hold contains {
	"rule": "two/delete",
	"message": "Deleting rows needs an approval.",
	"approvers": ["dba"],
	"hold_s": 60,
} if {
	sql.statement == "sql.delete"
}

deny contains {"rule": "two/rows", "message": "That was enough for a day."} if {
	input.target.name == "counted"
	input.subject.facts.rows >= 2000
}
