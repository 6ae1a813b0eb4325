import type { Detector, Span } from '../detector.ts'
import { folded } from './folded.ts'
import { isIssued } from './issuers.ts'
import { runAtEnd } from './run-at-end.ts'

/**
 * In one piece, in fours with a rest, or as 4-6-4 and 4-6-5. Not within a longer run of digits, be they joined by dashes
 * or a point: that is another kind of number. The last group may as well be the code on the back.
 */
const shape =
  /(?<!\d|\d[.-])(?:\d{13,19}|\d{4}([ .-])\d{4}\1\d{4}\1\d{1,4}(?<rest>\1\d{1,3})?|\d{4}([ .-])\d{6}\3\d{4,5})(?!\d|[.-]\d)/g

const hexLetter = /[a-f]/i

/** Nineteen digits in five groups. */
const charsMax = 19 + 4

export const card: Detector = folded({
  name: 'card',
  separable: true,
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
  unfinished: (text) => runAtEnd(text, /[\d .-]/, charsMax + '.0'.length),
})

function isCard(shown: string): boolean {
  const digits = shown.replaceAll(/\D/g, '')
  return isIssued(digits) && passesLuhn(digits)
}

function isWithinHash(text: string, start: number, end: number): boolean {
  return hexLetter.test(text.charAt(start - 1)) && hexLetter.test(text.charAt(end))
}

const zero = 0x30

/** From the right every other digit counts twice, as the sum of its own digits. */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - zero
    const twice = digit * 2
    if (i % 2 === 0) sum += digit
    else sum += twice > 9 ? twice - 9 : twice
  }
  return sum % 10 === 0
}
