import type { CatalogueRelation, KnownNames } from '../catalogue.ts'
import { functions } from '../functions.ts'
import { keyOf, type Findings } from './findings.ts'
import type { Label } from './label.ts'

/**
 * Whether performing the statement provably leaves nothing behind, at the server or in its session. That is so for a
 * query that locks nothing, over tables alone that need nobody's code to be read, with functions and types that the
 * server brings and that only compute. Whatever else there is (a view, a foreign table, a function of an extension)
 * may run somebody's code, and a temporary table is not in the catalogue.
 */
export function isEffectFree({ name }: Label, found: Findings, catalogue: KnownNames): boolean {
  return (
    name === 'sql.select' &&
    leavesNothing(found) &&
    !found.explains &&
    !found.ownTypes &&
    Array.from(found.touched.values()).every((relation) => {
      const known = catalogue.relations.get(keyOf(relation))
      return known !== undefined && holdsItsRows(known, catalogue)
    })
  )
}

/** Which rows it reads, and in which order, is seen in its answer alone, as far as its text says. */
export function leavesNothing({ readOnly, functions: called }: Findings): boolean {
  return readOnly && Array.from(called).every(onlyComputes)
}

function onlyComputes(name: string): boolean {
  const kind = functions.get(name)
  return kind === 'pure' || kind === 'aggregate' || kind === 'introspection'
}

/** With everything whose rows come out with its own: a partition may be a foreign table. */
function holdsItsRows(relation: CatalogueRelation, catalogue: KnownNames, depth: number = 0): boolean {
  if (relation.kind !== 'table' || relation.runsCode || depth > depthMax) return false
  return relation.children.every((oid) => {
    const child = catalogue.byOid.get(oid)
    return child !== undefined && holdsItsRows(child, catalogue, depth + 1)
  })
}

const depthMax = 32
