# METADATA
# title: A careless API
# description: Everything is open but the administration, deletions and a role; whatever looks like an SSN is hidden.
package sluice.rules.careless

allow contains {"rule": "careless/open"} if true

deny contains {"rule": "careless/admin", "message": "The administration is not for you."} if {
	startswith(input.action.path, "/admin")
}

deny contains {"rule": "careless/delete", "message": "Nothing may be deleted."} if {
	input.action.name == "http.delete"
}

deny contains {"rule": "careless/role", "message": "Nobody gives themselves a role."} if {
	some values in input.action.query
	"admin" in values
}

deny contains {"rule": "careless/role", "message": "Nobody gives themselves a role."} if {
	input.action.body.role == "admin"
}

deny contains {"rule": "careless/role", "message": "Nobody gives themselves a role."} if {
	some part in input.action.parts
	part.name == "role"
}

mask contains {"detector": "ssn", "method": "last4", "rule": "careless/ssn"} if true

mask contains {"path": "$..born", "method": "redact", "rule": "careless/born"} if {
	startswith(input.action.path, "/by-path")
}
