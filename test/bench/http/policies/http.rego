# METADATA
# title: Benchmark
# description: What the benchmark asks for, beside the starter pack, over the masks of each target.
package sluice.rules.http_bench

allow contains {"rule": "bench/read", "message": "Reading is allowed."} if {
	"langchain" in input.subject.groups
	input.action.name == "http.get"
}

mask contains {"path": "$.customers[*].ssn", "method": "last4", "rule": "bench/mask"} if {
	input.target.labels.mask == "json"
}

mask contains {"detector": detector, "method": "redact", "rule": "bench/mask"} if {
	input.target.labels.mask == "json"
	some detector in {"card", "email"}
}
