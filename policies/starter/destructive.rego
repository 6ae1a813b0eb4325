# METADATA
# title: Destructive statements
# description: What no application does on purpose. Nobody can approve these.
package sluice.rules.destructive

import data.sluice.rules.vector_store
import data.sluice.sql

# METADATA
# title: DROP
# description: No object is dropped through the gateway.
deny contains {
	"rule": "destructive/drop",
	"message": "DROP is not allowed.",
	"remedy": "Ask the database team for a migration.",
} if {
	startswith(input.action.kind, "drop_")
}

# METADATA
# title: TRUNCATE
# description: No table is emptied through the gateway.
deny contains {
	"rule": "destructive/truncate",
	"message": "TRUNCATE is not allowed.",
	"remedy": "Delete the rows you mean with DELETE and WHERE.",
} if {
	sql.statement == "sql.truncate"
}

# METADATA
# title: Whole tables
# description: UPDATE and DELETE say which rows they mean, in each part of the statement.
deny contains {
	"rule": "destructive/no_where",
	"message": "UPDATE and DELETE need a WHERE clause.",
	"remedy": "Name the rows you mean.",
} if {
	sql.statement in {"sql.update", "sql.delete"}

	# In Rego null holds like true, and null says that nobody knows.
	not input.action.has_where == true
}

# METADATA
# title: Administration
# description: Roles, grants, code, extensions, servers and settings are the database team's.
deny contains {
	"rule": "destructive/administration",
	"message": "Administration of the server is not allowed.",
	"remedy": "Ask the database team.",
} if {
	input.action.kind in _administration
	not vector_store.provisioning
}

_administration := {
	"alter_database", "alter_default_privileges", "alter_role", "alter_system", "checkpoint", "cluster",
	"create_database", "create_event_trigger", "create_extension", "create_foreign_table", "create_function",
	"create_language", "create_policy", "create_procedure", "create_publication", "create_role", "create_rule",
	"create_server", "create_subscription", "create_tablespace", "create_trigger", "create_user_mapping", "do",
	"grant", "grant_role", "import_foreign_schema", "load", "revoke", "security_label",
}
