# METADATA
# title: Reporting
# description: Read-only access, the catalogues of the server included.
package sluice.rules.reporting

import data.access
import data.sluice.sql

# METADATA
# title: Reads
# description: Readers may run what changes nothing and blocks nobody.
allow contains {"rule": "reporting/read", "message": "Reading is allowed."} if {
	"reader" in access.roles
	sql.statement in {"sql.select", "sql.explain", "sql.cursor", "sql.copy_out"}
	input.action.read_only == true
	count(sql.advisory_locks) == 0
}
