# METADATA
# title: One method for each table
# description: Allows whatever the adapter vouches for; `data.masked` lists masks by relation and column.
package sluice.rules.masks

# METADATA
# title: All
# description: No questions asked.
allow contains {"rule": "all"} if true

# METADATA
# title: Masks
# description: A method and, where it needs one, its argument.
mask contains object.union(mask, {"relation": relation, "column": column, "rule": "masks/test"}) if {
	some relation, columns in data.masked
	some column, mask in columns
}
