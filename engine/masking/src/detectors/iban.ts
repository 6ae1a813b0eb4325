import type { Detector, Span } from '../detector.ts'
import { beginning } from './beginning.ts'
import { folded } from './folded.ts'
import { ibanLengths } from './iban-lengths.ts'

const head = new RegExp(`${beginning}[A-Z]{2}\\d{2}(?=[ +-]?[A-Z0-9])`, 'gi')
const groupsOf = 4
/** The longest of all countries, with spaces. */
const charsMax = 34 + Math.ceil(34 / groupsOf) - 1

/** The first character, or as much as there is of the first four, or those with what may follow. */
const begun = new RegExp(`${beginning}[A-Z](?:[A-Z](?:\\d(?:\\d[A-Z0-9 +-]*)?)?)?$`, 'i')

/** An account number of a country that has them, of its length and with the right check digits; maybe in fours. */
export const iban: Detector = folded({
  name: 'iban',
  separable: 'exactly',
  charsMax,
  find(text) {
    const spans: Span[] = []
    let free = 0
    for (const { 0: found, index } of text.matchAll(head)) {
      if (index < free) continue
      const length = ibanLengths[found.slice(0, 2).toUpperCase()]
      const end = length === undefined ? null : endOf(text, index, length)
      if (end === null || !checks(text.slice(index, end))) continue
      spans.push({ start: index, end })
      free = end
    }
    return spans
  },
  unfinished(text) {
    // With two characters before, which say whether a word begins there.
    const from = Math.max(0, text.length - charsMax - 3)
    const match = begun.exec(text.slice(from))
    return match === null ? text.length : from + match.index
  },
})

/** Behind so many letters and digits, with nothing between but one space, dash or plus, a space in forms, behind each fourth. */
function endOf(text: string, start: number, length: number): number | null {
  let at = start
  for (let count = 0; count < length; count++) {
    if (count > 0 && count % groupsOf === 0 && /[ +-]/.test(text.charAt(at))) at++
    if (!/[A-Z0-9]/i.test(text.charAt(at))) return null
    at++
  }
  return /[A-Z0-9]/i.test(text.charAt(at)) ? null : at
}

/** ISO 7064: the first four behind the rest, letters as 10 to 35, remainder of 97. */
function checks(shown: string): boolean {
  const value = shown.replaceAll(/[ +-]/g, '').toUpperCase()
  let remainder = 0
  for (const character of value.slice(4) + value.slice(0, 4)) {
    const number = Number.parseInt(character, 36)
    remainder = (remainder * (number > 9 ? 100 : 10) + number) % 97
  }
  return remainder === 1
}
