# METADATA
# title: Decision
# description: |
#   Folds the sets `allow`, `deny`, `hold`, `break_glass`, `mask` and `limit` of every package `sluice.rules.<name>` into one
#   verdict. Deny overrides hold overrides allow; without an allow there is no access.
package sluice.decision

# METADATA
# title: Verdict
# description: The one answer that the gateway asks for (schemas/verdict.schema.json).
# entrypoint: true
result := {
	"effect": _outcome.effect,
	"reasons": _outcome.reasons,
	"mask": {mask | some mask in data.sluice.rules[_].mask},
	"limits": {"rows": _least("rows"), "bytes": _least("bytes"), "timeout_ms": _least("timeout_ms")},
	"approval": _approval,
	"labels": _labels,
}

_outcome := {"effect": "deny", "reasons": {_unreadable_reason}} if {
	not input.version == 1
} else := {"effect": "deny", "reasons": _deny} if {
	count(_deny) > 0
} else := {"effect": "deny", "reasons": {_malformed_reason}} if {
	count(_malformed) > 0
} else := {"effect": "deny", "reasons": {_no_approver_reason}} if {
	count(_hold) > 0
	count(_approvers) == 0
} else := {"effect": "hold", "reasons": _hold_reasons} if {
	count(_unapproved) > 0
	not _only_prepared
	count(_break_glass) == 0
} else := {"effect": "allow", "reasons": ((_allow | _hold_reasons) | _broken_reasons)} if {
	count(_allow) + count(_hold) > 0
} else := {"effect": "deny", "reasons": {_no_allow_reason}}

_allow := {reason | some reason in data.sluice.rules[_].allow}

_deny := {reason | some reason in data.sluice.rules[_].deny}

_hold := {hold | some hold in data.sluice.rules[_].hold}

# A request that was approved is judged once more, with its approval. One that is asked for anew asks for everything:
# what was approved before may be used up by then.
_unapproved := {hold |
	some hold in _hold
	not _approved(hold)
}

_approved(hold) if {
	some approval in input.approvals
	hold.rule in approval.rules
	approval.quorum >= object.get(hold, "quorum", 1)
	every group in approval.approvers {
		group in hold.approvers
	}
}

# Whoever may break the glass waits for nobody, where a hold would make others wait; it is allowed with an alarm, which
# is recorded and sent out before anything is done. It lifts no denial.
_break_glass := {entry | some entry in data.sluice.rules[_].break_glass}

_glass_broken if {
	_outcome.effect == "allow"
	count(_broken_reasons) > 0
}

_broken_reasons := _break_glass if {
	count(_unapproved) > 0
	not _only_prepared
} else := set()

_labels := {"alarm": concat(" ", sort([entry.rule | some entry in _break_glass]))} if {
	_glass_broken
} else := {}

_limit := {limit | some limit in data.sluice.rules[_].limit}

# Nothing happens yet when a statement is only prepared, so nobody has to approve it: its execution is judged anew.
_only_prepared if input.action.prepare == true

_hold_reasons := {object.filter(hold, {"rule", "message", "remedy"}) | some hold in _hold}

# An input document that cannot be read is no document at all to the engine: every `deny` that looks at one would
# stay silent, and an `allow` that looks at none would stand.
_unreadable_reason := {
	"rule": "policy/input",
	"message": "The request could not be shown to the policy.",
	"remedy": "Tell the operator.",
}

_malformed_reason := {
	"rule": "policy/obligation",
	"message": "A policy rule gave an obligation that Sluice does not know.",
	"remedy": "Tell the policy's author.",
}

_no_approver_reason := {
	"rule": "policy/approvers",
	"message": "The rules that hold this request have no approver in common.",
	"remedy": "Tell the policy's author.",
}

_no_allow_reason := {
	"rule": "sluice/no_allow",
	"message": "No rule allows this.",
	"remedy": "Ask for access if you need it.",
}

# Several holds become one approval that satisfies each of them.
_approval := {
	"approvers": _approvers,
	"quorum": max({object.get(hold, "quorum", 1) | some hold in _hold}),
	"expires_s": min({object.get(hold, "expires_s", 3600) | some hold in _hold}),
	"hold_s": min({object.get(hold, "hold_s", 120) | some hold in _hold}),
	"scope": _scopes[min({_scope_rank(hold) | some hold in _hold})],
} if {
	_outcome.effect == "hold"
} else := null

_approvers := intersection({approvers |
	some hold in _hold
	approvers := {group | some group in hold.approvers}
})

# From what one approval releases least (schemas/verdict.schema.json) to what it releases most.
_scopes := ["once", "run", "window"]

_scope_rank(hold) := rank if {
	some rank, scope in _scopes
	scope == object.get(hold, "scope", "once")
}

_least(name) := min(values) if {
	values := {limit[name] | some limit in _limit}
	count(values) > 0
} else := null

# What is folded here must be understood here: an unknown key would get lost.
_malformed contains limit if {
	some limit in _limit
	not _well_formed(limit, _limit_keys)
}

_malformed contains hold if {
	some hold in _hold
	not _well_formed(hold, _hold_keys)
}

_malformed contains hold if {
	some hold in _hold
	not _scope_rank(hold)
}

_malformed contains entry if {
	some entry in _break_glass
	not _well_formed(entry, _break_glass_keys)
}

_break_glass_keys := {"rule": "string", "message": "string", "remedy": "string"}

_limit_keys := {
	"rule": "string", "message": "string", "remedy": "string",
	"rows": "number", "bytes": "number", "timeout_ms": "number",
}

_hold_keys := {
	"rule": "string", "message": "string", "remedy": "string",
	"approvers": "array", "quorum": "number", "expires_s": "number", "hold_s": "number", "scope": "string",
}

_well_formed(obligation, types) if {
	is_object(obligation)
	every key, value in obligation {
		type_name(value) == types[key]
	}
}
