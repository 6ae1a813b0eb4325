# METADATA
# title: Access
# description: |
#   Who may act how. `data.json` says which groups have which roles; a grant adds one for a while. With neither there is
#   no role.
package access

# METADATA
# title: Roles
# description: The roles of the subject, by all of its groups.
roles contains role if {
	some group in input.subject.groups
	some role in data.roles[group]
}

# METADATA
# title: Roles for a while
# description: |
#   What people gave the subject on this target (`sluice access request`). The input holds a grant until its time and
#   not any longer, and only what `targets[].access.roles` names can be given.
roles contains grant.role if some grant in input.grants
