import type { Detector, Span } from '../detector.ts'
import { folded } from './folded.ts'
import { runAtEnd } from './run-at-end.ts'
import { unitClass } from './unit-class.ts'

const localMax = 64
const domainMax = 190
const sign = /@|%40/g
const signMax = '%40'.length

/** Without `=`, `/`, `&` and braces, which may be in an address and mostly are what stands around it. */
const isOfLocal = unitClass(/[\p{L}\p{M}\p{N}.!#$%'*+^_`~-]/u)
const beginsLocal = unitClass(/[\p{L}\p{N}_]/u)
const isOfDomain = unitClass(/[\p{L}\p{M}\p{N}.-]/u)
const endsNoDomain = unitClass(/[.-]/)
/** Labels, of which the last has no digit: `pkg@4.17.21` is a version. */
const domain =
  /^[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*(?:\.[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*)*\.(?:[\p{L}\p{M}]{2,}|xn--[a-z0-9-]+)$/iu
/** `icon@2x.png` is a file, `getty@tty1.service` a unit of systemd. */
const noDomain = /\.(?:png|jpe?g|gif|svg|webp|service|socket|timer)$/i

const charsMax = localMax + signMax + domainMax
/** Of a local part, of a domain or between them. */
const anyCharacter = /[\p{L}\p{M}\p{N}.!#$%'*+^_`~@\\-]/u

/** Addresses as people write them; a quoted local part is not looked for. In queries the sign may be escaped. */
export const email: Detector = folded({
  name: 'email',
  separable: 'exactly',
  charsMax,
  find(text) {
    const spans: Span[] = []
    let free = 0
    for (const { 0: found, index } of text.matchAll(sign)) {
      const end = domainEnd(text, index + found.length)
      if (end === null) continue
      const start = localStart(text, index, free)
      if (start === index) continue
      spans.push({ start, end })
      free = end
    }
    return spans
  },
  unfinished: (text) => runAtEnd(text, anyCharacter, charsMax + 1),
})

/** Where the domain that begins at `start` ends, without the full stop of the sentence; null when it is none. */
function domainEnd(text: string, start: number): number | null {
  let end = start
  while (end < text.length && end - start < domainMax && isOfDomain(text, end)) end++
  while (end > start && endsNoDomain(text, end - 1)) end--
  const name = text.slice(start, end)
  return domain.test(name) && !noDomain.test(name) ? end : null
}

/** Where the local part before `end` begins; it may be longer than one can be, then its end is taken. */
function localStart(text: string, end: number, free: number): number {
  const first = Math.max(free, end - localMax)
  let start = end
  while (start > first && isOfLocal(text, start - 1)) start--
  while (start < end && !beginsLocal(text, start)) start++
  // An escaped line break before it is no part of it.
  return text.charAt(start - 1) === '\\' && /[nrt]/.test(text.charAt(start)) ? start + 1 : start
}
