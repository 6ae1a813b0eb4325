import type { CatalogueRelation, KnownNames } from './catalogue.ts'

/** All relations whose rows come out with those of this one, or the other way round: partitions, children, their parents. */
export function familyOf(oid: number, { byOid }: Pick<KnownNames, 'byOid'>): readonly CatalogueRelation[] {
  const seen = new Map<number, CatalogueRelation>()
  const open = [oid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const relation = byOid.get(next)
    if (relation === undefined || seen.has(next)) continue
    seen.set(next, relation)
    open.push(...relation.parents, ...relation.children)
  }
  return [...seen.values()]
}
