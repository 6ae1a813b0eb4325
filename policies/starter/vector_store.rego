# METADATA
# title: Vector store
# description: |
#   What LangChain's vector stores and checkpoint savers need of PostgreSQL: their tables at start, and their rows.
#   It applies on targets labelled `purpose: vector-store`; vector writers may set one up on any target.
package sluice.rules.vector_store

import data.access
import data.sluice.sql

# METADATA
# title: Set up
# description: Create the extension `vector`, tables and indexes, and extend tables.
allow contains {"rule": "vector_store/setup", "message": "Setting up a vector store is allowed."} if provisioning

# METADATA
# title: Set-up lock
# description: Stores that start together take turns with an advisory lock of the transaction.
allow contains {"rule": "vector_store/lock", "message": "The lock around the set-up is allowed."} if {
	_provisioner
	sql.statement == "sql.select"
	count(sql.changed | sql.read) == 0
	count(sql.advisory_locks) > 0
	every name in sql.advisory_locks {
		endswith(name, "pg_advisory_xact_lock")
	}
}

# METADATA
# title: Documents
# description: On a vector store's own target, writers may also delete the rows that a WHERE clause chooses.
allow contains {"rule": "vector_store/delete", "message": "Deleting documents is allowed."} if deleting_documents

# METADATA
# title: Documents may be deleted
# description: Other rules ask this before they hold a DELETE.
deleting_documents if {
	_store
	_provisioner
	sql.statement == "sql.delete"
	input.action.has_where == true
}

# METADATA
# title: Set-up is under way
# description: Other rules ask this before they deny or hold a change of the schema.
provisioning if {
	_provisioner
	sql.statement == "sql.ddl"
	input.action.kind in {"create_table", "create_index", "alter_table"}
}

provisioning if {
	_provisioner
	sql.statement == "sql.ddl"
	input.action.kind == "create_extension"
	input.action.objects == ["vector"]
}

_store if input.target.labels.purpose == "vector-store"

_provisioner if "vector_writer" in access.roles

_provisioner if {
	_store
	"writer" in access.roles
}
