# METADATA
# title: Masks
# description: Protected columns are masked in every answer; `data.protected` lists them with their methods.
package sluice.rules.masks

import data.access

# METADATA
# title: Protected columns
# description: |
#   Masked unless the subject may read personal data. What is computed from them is masked too; conditions on them are for
#   equality with a constant, and they are written nowhere else.
mask contains mask if {
	not "pii_reader" in access.roles
	some relation, columns in data.protected
	some column, method in columns
	mask := {
		"relation": relation,
		"column": column,
		"method": method,
		"derived": "mask",
		"predicates": "equality",
		"moves": "refuse",
		"rule": "masks/protected",
	}
}

# METADATA
# title: Clear views
# description: A view that shows nothing protected is usable once it is named in `data.clear_views`.
mask contains {"relation": view, "column": "*", "method": "none", "rule": "masks/clear"} if {
	some view in data.clear_views
}

# METADATA
# title: Protected values
# description: |
#   What is found in answers by its look is masked likewise; `data.findings` lists detectors with their methods. Of a
#   database, whose protected columns are known, only where the label `findings` of the target says `masked`.
mask contains {"detector": detector, "method": method, "rule": "masks/findings"} if {
	_searched
	not "pii_reader" in access.roles
	some detector, method in data.findings
}

# METADATA
# title: Prompts
# description: |
#   The same in what a language model is asked, whoever asks: who may read personal data may not therefore hand it to a
#   provider.
mask contains {"detector": detector, "method": method, "of": "request", "rule": "masks/prompts"} if {
	is_string(input.action.profile)
	some detector, method in data.findings
}

_searched if input.target.protocol in {"http", "ssh"}

_searched if {
	input.target.protocol == "postgres"
	input.target.labels.findings == "masked"
}
