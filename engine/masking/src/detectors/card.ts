import type { Detector, Span } from '../detector.ts'
import { folded } from './folded.ts'
import { isIssued } from './issuers.ts'
import { runAtEnd } from './run-at-end.ts'

/**
 * In one piece, in fours with a rest, or as 4-6-4 and 4-6-5; in forms a plus stands for a space. Not within a longer run of digits, be they joined by dashes
 * or a point: that is another kind of number. The last group may as well be the code on the back.
 */
const shape =
  /(?=\d{4})(?<!\d|\d[.-])(?:\d{13,19}|\d{4}([ .+-])\d{4}\1\d{4}\1\d{1,4}(?<rest>\1\d{1,3})?|\d{4}([ .+-])\d{6}\3\d{4,5})(?!\d|[.-]\d)/g

const hexLetter = /[a-f]/i

/** Nineteen digits in five groups. */
const charsMax = 19 + 4

export const card: Detector = folded({
  name: 'card',
  separable: 'exactly',
  charsMax,
  find(text) {
    const spans: Span[] = []
    for (const match of text.matchAll(shape)) {
      const [whole] = match
      const { index: start } = match
      const end = start + whole.length
      if (isWithinHash(text, start, end)) continue
      const rest = match.groups?.['rest']?.length ?? 0
      if (isCard(whole)) spans.push({ start, end })
      else if (rest > 0 && isCard(whole.slice(0, -rest))) spans.push({ start, end: end - rest })
    }
    return spans
  },
  unfinished: (text) => runAtEnd(text, /[\d .+-]/, charsMax + '.0'.length),
})

function isCard(shown: string): boolean {
  return passesLuhn(shown) && isIssued(shown.replaceAll(/\D/g, ''))
}

function isWithinHash(text: string, start: number, end: number): boolean {
  return hexLetter.test(text.charAt(start - 1)) && hexLetter.test(text.charAt(end))
}

const zero = 0x30

/** From the right every other digit counts twice, as the sum of its own digits. What is no digit does not count. */
function passesLuhn(shown: string): boolean {
  let sum = 0
  let isTwice = false
  for (let at = shown.length - 1; at >= 0; at--) {
    const digit = shown.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) continue
    const counted = isTwice ? digit * 2 : digit
    sum += counted > 9 ? counted - 9 : counted
    isTwice = !isTwice
  }
  return sum % 10 === 0
}
