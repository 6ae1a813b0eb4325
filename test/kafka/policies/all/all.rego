# METADATA
# title: Everything
# description: Allows everything but deletes, which are held.
package sluice.rules.all

allow contains {"rule": "all"} if true

hold contains {
	"rule": "all/delete",
	"message": "A delete needs an approval.",
	"approvers": ["dba"],
	"quorum": 1,
	"expires_s": 600,
	"hold_s": 300,
} if {
	input.action.name == "sql.delete"
}
