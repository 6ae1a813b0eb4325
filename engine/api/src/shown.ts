import { visible, type Json, type Pseudonyms } from '@sluice/core'
import type { Sight } from './approval-sight.ts'
import type { ActionSummary } from './summary.ts'
import { hiddenText, hiddenValue, isHarmless, type HiddenValue } from './hidden-value.ts'

/** One text of a request as somebody sees it, and how large it really is. */
export interface ShownText {
  readonly text: string
  /** Of the text as it runs, in UTF-8. */
  readonly bytes: number
  readonly lines: number
}

export interface ShownRequest {
  readonly statement: ShownText
  /** What EXECUTE or FETCH stands for. */
  readonly stands_for: readonly ShownText[]
  readonly parameters: readonly (Json | HiddenValue)[]
  /** Why values are hidden: the columns whose mask says so; `all` for who sees no values. */
  readonly hidden: readonly string[] | 'all'
  /** By relation; `null` where the target has no statistics. */
  readonly estimates: { readonly [relation: string]: number | null }
}

/** What an adapter records for approvers. Parts that one does not give are hidden, never shown in clear. */
interface Recorded {
  readonly statement: string
  readonly stands_for?: readonly string[]
  readonly parameters?: readonly Json[]
  /** Of each text: beginning and end, in bytes, of what may be a value. `null`: nobody knows. */
  readonly literals?: readonly (readonly number[] | null)[]
  /** `schema.name` of the relations of which a value may be. `null`: it may be of any. */
  readonly related?: readonly string[] | null
  readonly estimates?: ShownRequest['estimates']
}

/**
 * The sealed content of an approval as one person sees it. Who asked sees what they wrote. Who decides sees the same
 * but for values of statements that touch masked columns. Anybody else sees no values.
 */
export function shownTo(
  sight: Sight,
  content: Uint8Array,
  actions: readonly ActionSummary[],
  pseudonyms: Pick<Pseudonyms, 'digest'>,
): ShownRequest {
  const recorded = JSON.parse(Buffer.from(content).toString()) as Recorded
  const { statement, stands_for: stands = [], parameters = [], literals = [], estimates = {} } = recorded
  const hidden = hiddenFrom(sight, actions, recorded.related ?? null)
  const isClear = hidden !== 'all' && hidden.length === 0
  const text = (whole: string, index: number): ShownText => ({
    text: isClear ? visible(whole) : hiddenIn(whole, literals[index] ?? null, sight, pseudonyms),
    bytes: Buffer.byteLength(whole),
    lines: whole.split('\n').length,
  })
  return {
    statement: text(statement, 0),
    stands_for: stands.map((each, index) => text(each, index + 1)),
    parameters: parameters.map((value) =>
      isClear || (sight !== 'masked' && isHarmless(value)) ? visibly(value) : hiddenValue(value, pseudonyms),
    ),
    hidden,
    estimates,
  }
}

function hiddenFrom(
  sight: Sight,
  actions: readonly ActionSummary[],
  related: readonly string[] | null,
): ShownRequest['hidden'] {
  if (sight === 'own') return []
  if (sight === 'masked' || actions.some(({ masked }) => masked === null)) return 'all'
  const masked = [...new Set(actions.flatMap((action) => action.masked ?? []))]
  return masked.filter(
    (place) => !isColumn(place) || (related?.some((relation) => place.startsWith(`${relation}.`)) ?? true),
  )
}

/** Any other place, as `placeOf` names it, is of no relation. */
function isColumn(place: string): boolean {
  return !/^(?:request:)?(?:\$|detector:)/.test(place)
}

/** The text with each value hidden in its place; the whole of it when nobody knows their places. */
function hiddenIn(
  whole: string,
  spans: readonly number[] | null,
  sight: Sight,
  pseudonyms: Pick<Pseudonyms, 'digest'>,
): string {
  const bytes = Buffer.from(whole)
  let at = 0
  const parts: string[] = []
  const places = spans ?? [0, bytes.length]
  for (let index = 0; index + 1 < places.length; index += 2) {
    const [start = at, end = at] = places.slice(index, index + 2)
    parts.push(visible(bytes.toString('utf8', at, start)))
    const value = bytes.toString('utf8', start, end)
    const isClear = spans !== null && sight !== 'masked' && isHarmless(value)
    parts.push(isClear ? visible(value) : hiddenText(value, pseudonyms))
    at = end
  }
  parts.push(visible(bytes.toString('utf8', at)))
  return parts.join('')
}

/** Strings at any depth. */
function visibly(value: Json): Json {
  if (typeof value === 'string') return visible(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(visibly)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [visible(name), visibly(part)]))
}
