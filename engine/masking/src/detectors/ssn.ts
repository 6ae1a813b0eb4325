import type { Detector } from '../detector.ts'
import { folded } from './folded.ts'
import { introduced } from './introduced.ts'
import { runAtEnd } from './run-at-end.ts'

/** No area 000, 666 or 9xx, no group 00, no serial 0000: those were never given to anybody. */
const shape = /(?<!\d|\d[.-])(?!000|666|9)\d{3}([ -]?)(?!00)\d{2}\1(?!0000)\d{4}(?!\d|[.-]\d)/g

/** Nine digits in one piece may be anything, unless the words before them say what they are. */
const words =
  /(?:ssn|social[ _-]?security(?:[ _-]?(?:number|num|no|nr|#))?|soc[ ._-]{0,2}sec|tax[ _-]?id)[^a-z0-9]{1,6}(?:is |was )?$/i

const charsMax = 9 + 2

export const ssn: Detector = folded({
  name: 'ssn',
  separable: 'roughly',
  charsMax,
  find(text) {
    return [...text.matchAll(shape)]
      .filter(({ 1: separator, index }) => separator !== '' || introduced(text, index, words))
      .map(({ 0: whole, index }) => ({ start: index, end: index + whole.length }))
  },
  unfinished: (text) => runAtEnd(text, /[\d .-]/, charsMax + '.0'.length),
})
