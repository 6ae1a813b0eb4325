import { closed } from './objection.ts'
import { keyOf } from './findings.ts'
import { note, type Lineage } from './lineage.ts'
import type { Context } from './scope.ts'

/**
 * `name(value)` and `(value).name` are casts where a type has that name and no function is made for just that type of
 * value: a cast runs what the type runs, and by whether it fails it tells of the value. The row of a table is none of these.
 */
export function castByName(name: string, given: Lineage, cx: Context): void {
  for (const made of cx.created.values()) if (made.name === name) closed(`${name}, which may be a type`)
  const types = (cx.catalogue.types.get(name) ?? []).filter(
    ({ schema }) => !cx.catalogue.relations.has(keyOf({ schema, name })),
  )
  if (!types.every(({ trusted }) => trusted)) closed(`${name}, which may be a cast to the type of that name`)
  if (types.length === 0) return
  cx.found.ownTypes = true
  note(given, 'predicate', cx)
}
