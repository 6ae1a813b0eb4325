# METADATA
# title: Access
# description: |
#   Who may act how. `data.json` says which groups have which roles; a grant adds one for a while. With neither there is
#   no role.
package access

# METADATA
# title: Roles
# description: |
#   The roles of the subject, by all of its groups. Where a service acts for a person and the token says the groups of
#   both (`input.subject.claims.actor_groups`), only what both are in counts.
roles contains role if {
	some group in input.subject.groups
	_counts(group)
	some role in data.roles[group]
}

# METADATA
# title: Roles for a while
# description: |
#   What people gave the subject on this target (`sluice access request`). The input holds a grant until its time and
#   not any longer, and only what `targets[].access.roles` names can be given.
roles contains grant.role if some grant in input.grants

_counts(_) if not input.subject.claims.actor_groups

_counts(group) if group in input.subject.claims.actor_groups
