# METADATA
# title: Access
# description: Who may act how. `data.json` says which groups have which roles; without a group there is no role.
package access

# METADATA
# title: Roles
# description: The roles of the subject, by all of its groups.
roles contains role if {
	some group in input.subject.groups
	some role in data.roles[group]
}
