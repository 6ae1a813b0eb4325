import type { Subject } from './request.ts'
import type { SubjectRecord } from './events.ts'

/** The configured owners of a subject, by subject id: who answers for a service account, or has a second account. */
export type Owners = ReadonlyMap<string, readonly string[]>

/** The claim with which an issuer names the owner of a service account: a subject id, or a `sub` of that issuer. */
const ownerClaim = 'owner'

/**
 * Subject ids of everybody who stands behind a subject, itself included: whom it acts for, its owners, theirs. Two
 * subjects that share one are never two people. Sorted, so that equal sets are equal texts.
 */
export function peopleBehind(
  { id, issuer, claims, on_behalf_of: actsFor }: Pick<Subject, 'id' | 'issuer' | 'claims' | 'on_behalf_of'>,
  owners: Owners,
): readonly string[] {
  const people = new Set([id])
  if (actsFor !== null) people.add(actsFor)
  const owner = claims[ownerClaim]
  if (typeof owner === 'string' && owner !== '') people.add(owner).add(`${issuer}#${owner}`)
  // A set hands out what is added while it is walked, so owners of owners are found, and circles end.
  for (const person of people) for (const one of owners.get(person) ?? []) people.add(one)
  return [...people].toSorted()
}

export function sharesPeople(some: readonly string[], others: readonly string[]): boolean {
  return some.some((person) => others.includes(person))
}

/**
 * Who acts for somebody has only what was given for that: a service that two people sent is not the same caller. No
 * subject id holds a line break.
 */
export function callerOf({ id, on_behalf_of: actsFor }: Pick<Subject, 'id' | 'on_behalf_of'>): string {
  return actsFor === null ? id : `${id}\n${actsFor}`
}

/** Whether it is the very caller: the same subject, acting for the same person if any. */
export function isSameCaller(
  one: Pick<Subject, 'id' | 'on_behalf_of'>,
  other: Pick<Subject, 'id' | 'on_behalf_of'>,
): boolean {
  return one.id === other.id && one.on_behalf_of === other.on_behalf_of
}

/** A subject as events hold it, without its claims. */
export function subjectRecord({ id, type, issuer, groups, on_behalf_of }: Subject): SubjectRecord {
  return { id, type, issuer, groups, on_behalf_of }
}
