# METADATA
# title: Moves
# description: What is masked may be written elsewhere once people have approved it.
package sluice.rules.moves

allow contains {"rule": "moves/all", "message": "Everything is allowed."} if true

hold contains {
	"rule": "moves/hold",
	"message": "Copies of protected columns need an approval.",
	"approvers": ["dba"],
	"hold_s": 30,
	"expires_s": 60,
} if {
	not input.action.read_only
	some relation in input.action.relations
	relation.access == "read"
	"ssn" in relation.columns
}

mask contains {
	"relation": "public.people",
	"column": "ssn",
	"method": "redact",
	"moves": "allow",
	"rule": "moves/ssn",
}
