# METADATA
# title: Everything over SSH
# description: Who is known may do everything, but what is told apart by its name below.
package sluice.rules.all

allow contains {"rule": "all"} if true

deny contains {
	"rule": "all/forbidden",
	"message": "Nobody may run this.",
	"remedy": "Run something else.",
} if contains(input.action.command, "FORBIDDEN")

hold contains {
	"rule": "all/ask",
	"message": "Somebody must agree.",
	"approvers": ["dba"],
	"quorum": 1,
	"expires_s": 60,
	"hold_s": 20,
} if contains(input.action.command, "ASK")

mask contains {"detector": detector, "method": "redact", "rule": "all/findings"} if {
	some detector in split(input.target.labels.detectors, " ")
}

deny contains {
	"rule": "all/forbidden",
	"message": "Nobody may touch this.",
	"remedy": "Touch something else.",
} if {
	some named in input.action.paths
	contains(named.path, "FORBIDDEN")
}

hold contains {
	"rule": "all/ask",
	"message": "Somebody must agree.",
	"approvers": ["dba"],
	"quorum": 1,
	"expires_s": 60,
	"hold_s": 1,
} if {
	startswith(input.action.name, "sftp.")
	some named in input.action.paths
	contains(named.path, "ASK")
}

deny contains {
	"rule": "all/metadata",
	"message": "Nobody may go there.",
	"remedy": "Stay here.",
} if input.action.host == "169.254.169.254"
