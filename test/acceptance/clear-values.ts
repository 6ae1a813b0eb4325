import type { Json } from '@sluice/core'

const ssn = /\b\d{3}-\d{2}-(\d{4})\b/g
const card = /\b4000\d{8}(\d{4})\b/g
const email = /\b([a-z])([a-z.]*\d+)(@example\.com)\b/g

/** The protected values of the sample data in what a client saw, by their form. */
export function clearValues(seen: Json): readonly string[] {
  if (typeof seen === 'string')
    return [ssn, card, email].flatMap((form) => [...seen.matchAll(form)].map(([value]) => value))
  return seen === null || typeof seen !== 'object'
    ? []
    : Object.values(seen).flatMap((part) => clearValues(part))
}

/** What the starter policies make of it. Everything else stays as it is. */
export function masked(seen: Json): Json {
  if (typeof seen === 'string') return maskedText(seen)
  if (seen === null || typeof seen !== 'object') return seen
  if (Array.isArray(seen)) return (seen as readonly Json[]).map(masked)
  return Object.fromEntries(Object.entries(seen).map(([name, part]) => [name, masked(part)]))
}

function maskedText(text: string): string {
  return text
    .replaceAll(ssn, '***-**-$1')
    .replaceAll(card, `${'*'.repeat(12)}$1`)
    .replaceAll(
      email,
      (_, first: string, rest: string, domain: string) => first + '*'.repeat(rest.length) + domain,
    )
}
