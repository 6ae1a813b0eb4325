# METADATA
# title: People
# description: Whose names are hidden, and from whom, is by the name of the target.
package sluice.rules.people

allow contains {"rule": "people/open"}

deny contains {"rule": "people/denied", "message": "Not here."} if startswith(input.action.path, "/denied")

mask contains {"detector": "person", "method": "constant", "value": "somebody", "rule": "people/answers"} if {
	input.target.name in {"answers", "model", "claude"}
}

mask contains {"detector": "place", "method": "redact", "rule": "people/places"} if {
	input.target.name == "answers"
}

mask contains {"detector": "card", "method": "last4", "rule": "people/cards"} if {
	input.target.name == "answers"
}

mask contains {"detector": "person", "method": "constant", "value": "somebody", "rule": "people/prompts", "of": "request"} if {
	input.target.name == "prompts"
}

mask contains {"detector": "card", "method": "last4", "rule": "people/prompted_cards", "of": "request"} if {
	input.target.name == "prompts"
}

mask contains {"detector": "passport", "method": "redact", "rule": "people/mistake"} if {
	input.target.name == "mistaken"
}
