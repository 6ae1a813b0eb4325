package sluice.rules.http_test

import data.sluice.rules.http

_asked(groups, name, path) := {
	"subject": {"groups": groups},
	"grants": [],
	"action": {"name": name, "segments": split(trim(path, "/"), "/"), "read_only": name in {"http.get", "http.head"}},
}

_allowed(groups, name) := {reason.rule |
	some reason in http.allow with input as _asked(groups, name, "/orders")
}

test_readers_read if {
	_allowed(["langchain"], "http.get") == {"web/read"}
	_allowed(["langchain"], "http.head") == {"web/read"}
	_allowed(["strangers"], "http.get") == set()
}

test_readers_change_nothing_by_fetching if {
	asked := _asked(["langchain"], "http.get", "/graphql")
	count(http.allow) == 0 with input as object.union(asked, {"action": {"read_only": false}})
}

test_writers_write if {
	_allowed(["langchain"], "http.post") == {"web/write"}
	_allowed(["langchain"], "http.patch") == {"web/write"}
	_allowed(["flag-writers"], "http.put") == set()
}

test_a_language_model_is_not_written_to if {
	asked := _asked(["langchain"], "http.post", "/v1/chat/completions")
	count(http.allow) == 1 with input as object.union(asked, {"action": {"profile": null}})
	count(http.allow) == 0 with input as object.union(asked, {"action": {"profile": "openai"}})
}

test_deleting_waits if {
	some hold in http.hold with input as _asked(["langchain"], "http.delete", "/orders/1")
	hold.rule == "web/delete"
	hold.approvers == ["dba"]
	count(http.hold) == 0 with input as _asked(["strangers"], "http.delete", "/orders/1")
	count(http.hold) == 0 with input as _asked(["langchain"], "http.post", "/orders")
}

_denied(name, path) := {reason.rule | some reason in http.deny with input as _asked(["dba"], name, path)}

test_nobody_administrates if {
	_denied("http.get", "/admin") == {"web/administration"}
	_denied("http.get", "/admin/") == {"web/administration"}
	_denied("http.post", "/admin/users") == {"web/administration"}
	_denied("http.get", "/administrators") == set()
	_denied("http.get", "/orders/admin") == set()
}
