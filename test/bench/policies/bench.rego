# METADATA
# title: Benchmark
# description: The rules of an ordinary policy folder - deny list, groups and masks - over the benchmark's tables.
package sluice.rules.bench

readers := {"langchain"}

allow contains {"rule": "bench/read", "message": "Reporting may read."} if {
	some group in input.subject.groups
	readers[group]
	input.action.read_only
}

allow contains {"rule": "bench/write", "message": "The benchmark may write."} if {
	some group in input.subject.groups
	readers[group]
	input.action.name in {"sql.update", "sql.insert", "sql.transaction", "sql.prepare", "sql.set", "sql.show"}
}

deny contains {
	"rule": "bench/destructive",
	"message": "DROP and TRUNCATE are not for applications.",
	"remedy": "Ask the database team.",
} if {
	startswith(input.action.kind, "drop_")
}

mask contains {"relation": "public.wide", "column": "ssn", "method": "last4", "rule": "bench/mask"} if {
	input.target.labels.mask == "same"
}

mask contains {"relation": "public.wide", "column": "card", "method": "stars", "rule": "bench/mask"} if {
	input.target.labels.mask == "same"
}

mask contains {"relation": "public.wide", "column": column, "method": "redact", "rule": "bench/mask"} if {
	input.target.labels.mask == "length"
	some column in {"ssn", "card"}
}
