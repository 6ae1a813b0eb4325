# METADATA
# title: Doors
# description: Everything is open but what is named here.
package sluice.rules.doors

allow contains {"rule": "doors/open"} if true

deny contains {
	"rule": "doors/closed",
	"message": "This door is closed.",
	"remedy": "Take another one.",
} if {
	startswith(input.action.path, "/denied")
}

deny contains {"rule": "doors/model", "message": "This model is not for you."} if {
	startswith(input.action.path, "/closed/")
}

hold contains {
	"rule": "doors/asked",
	"message": "Somebody must open this door.",
	"approvers": ["dba"],
	"quorum": 1,
	"hold_s": _hold_s,
	"expires_s": 60,
} if {
	startswith(input.action.path, "/held")
}

_hold_s := 0 if {
	startswith(input.action.path, "/held/at-once")
} else := 30

mask contains {"detector": "card", "method": "last4", "rule": "doors/card"} if {
	startswith(input.action.path, "/packed")
}

mask contains {"detector": "key", "method": "redact", "rule": "doors/token"} if {
	startswith(input.action.path, "/told")
}
