import type { Detector, Span } from '../detector.ts'
import { beginning } from './beginning.ts'
import { folded } from './folded.ts'
import { introduced } from './introduced.ts'
import { runAtEnd } from './run-at-end.ts'

/** Area and exchange of North America: never 0xx, 1xx or x11. */
const nanp = String.raw`(?!\d11)[2-9]\d{2}`

/** How numbers are written that say by themselves what they are; each in a bounded number of steps. */
const forms: readonly string[] = [
  // +1 (212) 555-0123, 1-212-555-0123, (212) 555-0123, 212-555-0123
  String.raw`(?:\+?1[ .-]?)?\(${nanp}\) ?${nanp}[ .-]\d{4}`,
  String.raw`\+1[ .-]?${nanp}[ .-]?${nanp}[ .-]?\d{4}`,
  String.raw`(?:1[ .-])?${nanp}(?<us>[ .-])${nanp}\k<us>\d{4}`,
  // +4930123456, +44 (0)20 7946 0958, 0049 30 123456; not +1, which is above
  String.raw`(?:\+|(?<!\d )00(?=[2-9]\d{0,2}[ ./-]))[2-9]\d{0,2}[ ./-]?(?:\(\d{1,5}\)[ -]?)?\d(?:[ ./-]?\d){5,12}`,
  // 01 23 45 67 89
  String.raw`0[1-9](?<fr>[ .-])\d{2}(?:\k<fr>\d{2}){3}`,
  // 020 7946 0958, 0171 1234567, (030) 123456, 030/1234567
  String.raw`(?:0[1-9]\d{1,4}[ /-]|\(0[1-9]\d{1,4}\) ?)\d{3,4}(?:[ -]\d{3,4}|\d{2,4})`,
]
const plain = new RegExp(
  String.raw`${beginning}(?<!\d[.-]|\+)(?:${forms.map((form) => `(?:${form})`).join('|')})(?!\d|[.-]\d|[A-Za-z])`,
  'g',
)

/** Any digits behind the word for it. */
const digits = /(?<!\d|\d[.-])\(?\d(?:(?:[ ./-]|\)[ ]?)?\d){6,14}(?!\d|[.-]\d)/g
const words =
  /(?:phone|tel|telefon|telephone|mobile|handy|cell|fax|whatsapp)(?:[ _-]?(?:number|num|no|nr))?[^a-z0-9]{1,6}(?:is )?$/i
const date = /^(?:\d{4}([./-])\d{2}\1\d{2}|\d{2}([./-])\d{2}\2\d{4})(?!\d)/

const charsMax = 56

export const phone: Detector = folded({
  name: 'phone',
  separable: 'roughly',
  charsMax,
  find(text) {
    const shown = [...text.matchAll(plain)]
    const said = [...text.matchAll(digits)].filter(
      ({ 0: whole, index }) => introduced(text, index, words) && !date.test(whole),
    )
    return disjoint(
      [...shown, ...said].map(({ 0: whole, index }) => ({ start: index, end: index + whole.length })),
    )
  },
  unfinished: (text) => runAtEnd(text, /[+\d ./()-]/, charsMax + '.0'.length),
})

/** Of two that overlap the one that begins first, and so is the longer one. */
function disjoint(spans: readonly Span[]): readonly Span[] {
  let free = 0
  return spans
    .toSorted((one, other) => one.start - other.start || other.end - one.end)
    .filter(({ start, end }) => {
      if (start < free) return false
      free = end
      return true
    })
}
