# METADATA
# title: Session
# description: What drivers say around the statements that matter.
package sluice.rules.session

import data.access
import data.sluice.sql

# METADATA
# title: Session statements
# description: Everyone with a role may open transactions, show and set what the adapter admits, and clean up.
allow contains {"rule": "session/statement", "message": "Session statements are allowed."} if {
	count(access.roles) > 0
	sql.statement in {"sql.transaction", "sql.show", "sql.set", "sql.deallocate"}
}
