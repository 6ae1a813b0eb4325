import type { Detector, Span } from '../detector.ts'
import { beginning } from './beginning.ts'
import { keyForms } from './key-forms.ts'
import { pieces } from './pieces.ts'
import { runAtEnd } from './run-at-end.ts'

const charsMax = 2048

const forms = Object.values(keyForms).join('|')
const known = new RegExp(`${beginning}(?:${forms})`, 'g')

/** Of a header: the scheme says that what follows is secret. */
const header = /\b(?:bearer|basic)(?: {1,3}|%20|\+)(?<value>[\w.~+/-]{16,}={0,2})/gi

/** `api_key = "…"`, `"clientSecret":"…"`, `PGPASSWORD=…` */
const assigned =
  /(?:api[_-]?key|access[_-]?key|secret|passw(?:or)?d|token|credential|private[_-]?key)s?\\?["']?\s{0,3}(?::|=>?)\s{0,3}\\?["']?(?<value>[\w.~+/!@#$%^&*=-]{12,256})/gi

/**
 * Keys and tokens of well-known form, what a header carries, and what is assigned to such a name and looks random. One
 * that is longer than any of them is found in pieces. Not folded: with other characters in it, it would open nothing.
 */
export const key: Detector = {
  name: 'key',
  separable: 'roughly',
  charsMax,
  find(text) {
    const surely = [...text.matchAll(known)].map(valueOf)
    const maybe = [...text.matchAll(header), ...text.matchAll(assigned)].map(valueOf)
    const spans = [...surely, ...maybe.filter((span) => isRandom(text, span))]
    return united(spans).flatMap((span) => pieces(span, charsMax))
  },
  unfinished: (text) => runAtEnd(text, /[\w.,~+/!@#$%^&*=:\\-]/, charsMax + 1),
}

/** The value is the last in what matched; the full stop of a sentence is no part of it. */
function valueOf({ 0: whole, index, groups }: RegExpExecArray): Span {
  const value = groups?.['value'] ?? whole
  const end = index + whole.length
  return { start: end - value.length, end: end - (/[.,]{0,3}$/.exec(value.slice(-3))?.[0].length ?? 0) }
}

const entropyMin = 3
const judgedMax = 256

/** Letters and digits mixed, and hardly one twice; `my-service-password` and `aaaaaaaa1111` are not. */
function isRandom(text: string, { start, end }: Span): boolean {
  const value = text.slice(start, Math.min(end, start + judgedMax))
  return /\d/.test(value) && /[a-z]/i.test(value) && entropy(value) >= entropyMin
}

/** Bits in each character, by how often each occurs in the text. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** In order, those that overlap as one. */
function united(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  for (const span of spans.toSorted((one, other) => one.start - other.start)) {
    const last = result.at(-1)
    if (last === undefined || span.start >= last.end) result.push(span)
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
  }
  return result
}
