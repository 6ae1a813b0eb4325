# METADATA
# title: Limits
# description: Everything is allowed; how much of an answer may pass is said by the labels of the target.
package sluice.rules.limits

allow contains {"rule": "limits/all"} if true

limit contains {"rows": to_number(input.target.labels.rows), "rule": "limits/rows"} if true

limit contains {"bytes": to_number(input.target.labels.bytes), "rule": "limits/bytes"} if true

limit contains {"timeout_ms": to_number(input.target.labels.ms), "rule": "limits/time"} if true
