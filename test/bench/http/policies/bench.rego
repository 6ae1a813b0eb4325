# METADATA
# title: Benchmark
# description: The rules of an ordinary policy folder - deny list, groups and masks - over the benchmark's files.
package sluice.rules.http_bench

allow contains {"rule": "bench/read", "message": "Reading is allowed."} if {
	"langchain" in input.subject.groups
	input.action.name == "http.get"
}

deny contains {
	"rule": "bench/admin",
	"message": "Administration is not for applications.",
	"remedy": "Ask the owner of the API.",
} if {
	startswith(input.action.path, "/admin/")
}

mask contains {"path": "$.customers[*].ssn", "method": "last4", "rule": "bench/mask"} if {
	input.target.labels.mask == "json"
}

mask contains {"detector": detector, "method": "redact", "rule": "bench/mask"} if {
	input.target.labels.mask == "json"
	some detector in {"card", "email"}
}
