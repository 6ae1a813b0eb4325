# METADATA
# title: Detectors
# description: Everything is allowed, and what a label of the target names is looked for in every answer.
package sluice.rules.detectors

allow contains {"rule": "detectors/all"} if true

mask contains {"detector": detector, "method": "redact", "rule": "detectors/findings"} if {
	some detector in split(input.target.labels.detectors, " ")
}

mask contains {"relation": "public.people", "column": "ssn", "method": "last4", "rule": "detectors/column"} if true
