/** Filters as they stand in an address: what is empty is not there, so that a link is as short as what it says. */
export type Query = Readonly<Record<string, string>>

/** Longer than any filter that means something. */
const valueCharsMax = 500

export function parseQuery(search: string): Query {
  const found: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(search))
    if (value !== '' && !(name in found)) found[name] = value.slice(0, valueCharsMax)
  return found
}

export function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams()
  for (const name of Object.keys(query).toSorted()) {
    const value = query[name]
    if (value !== undefined && value !== '') parameters.set(name, value)
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

export function changed(query: Query, change: Readonly<Record<string, string | undefined>>): Query {
  return parseQuery(queryText({ ...query, ...change }))
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `15m`, `24h`, `7d` before now, in milliseconds since 1970; `undefined` for all that is none. */
export function sinceMs(period: string | undefined, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(period ?? '') ?? []
  if (count === undefined || unit === undefined) return undefined
  return nowMs - Number(count) * (unitMs[unit] ?? 0)
}
