import type { Detector, Span } from '../detector.ts'

const begin = /-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----/g
const end = /-----END [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----/

/** An RSA key of 8,192 bits with its line breaks escaped, and some more. */
const charsMax = 8192

/** A private key in PEM, from its first line to its last; one without a last line goes as far as one can. */
export const privateKey: Detector = {
  name: 'private_key',
  separable: 'roughly',
  charsMax,
  find(text) {
    const spans: Span[] = []
    let free = 0
    for (const { index } of text.matchAll(begin)) {
      if (index < free) continue
      const reach = text.slice(index, index + charsMax)
      const last = end.exec(reach)
      free = index + (last === null ? reach.length : last.index + last[0].length)
      spans.push({ start: index, end: free })
    }
    return spans
  },
  unfinished(text) {
    const from = Math.max(0, text.length - charsMax)
    const tail = text.slice(from)
    const last = privateKey.find(tail).at(-1)
    if (last?.end === tail.length && !end.test(tail.slice(last.start))) return from + last.start
    return from + (/-[A-Z0-9 -]{0,63}$/.exec(tail)?.index ?? tail.length)
  },
}
