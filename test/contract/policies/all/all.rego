# METADATA
# title: Everything
# description: Allows whatever the adapter vouches for.
package sluice.rules.all

# METADATA
# title: All
# description: No questions asked.
allow contains {"rule": "all"} if true
