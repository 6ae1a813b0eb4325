# METADATA
# title: Everything
# description: No rule stands in the way, so what is refused all the same is refused by the closed world of the adapter.
package sluice.rules.all

allow contains {"rule": "all"} if true

# METADATA
# title: Masks
# description: The columns of `data.protected`, of every type.
mask contains {"relation": relation, "column": column, "method": method, "rule": "all/masks"} if {
	some relation, columns in data.protected
	some column, method in columns
}
