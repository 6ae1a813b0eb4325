import { RE2JS, RE2JSException } from 're2js'
import type { Detector, Span } from '../detector.ts'
import { folded } from './folded.ts'

/** A configured pattern that cannot be used; the message is for whoever wrote it. */
export class BadPattern extends Error {
  override readonly name = 'BadPattern'
}

export const configuredLimits = { patternChars: 1024, charsMax: 128 } as const

/**
 * Finds the company's own identifiers. `pattern` is in the syntax of RE2: no back-references and no look-around, so it
 * takes time linear in the text whatever it says. Of a match that is longer than `charsMax` so much is found, and the
 * search goes on behind it.
 */
export function configuredDetector(name: string, pattern: string, charsMax: number): Detector {
  if (!Number.isInteger(charsMax) || charsMax < 1 || charsMax > configuredLimits.charsMax)
    throw new BadPattern(
      `detector ${name}: the longest value must have 1 to ${configuredLimits.charsMax} characters`,
    )
  const compiled = compile(name, pattern)
  return folded({
    name,
    charsMax,
    find: (text) => (compiled.test(text) ? findAll(compiled, text, charsMax) : []),
  })
}

function compile(name: string, pattern: string): RE2JS {
  if (pattern.length > configuredLimits.patternChars)
    throw new BadPattern(
      `detector ${name}: a pattern has at most ${configuredLimits.patternChars} characters`,
    )
  try {
    const compiled = RE2JS.compile(pattern)
    if (!matchesNothing(compiled)) return compiled
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw new BadPattern(`detector ${name}: ${error.message.replace('error parsing regexp: ', '')}`)
  }
  throw new BadPattern(`detector ${name}: the pattern matches where there is nothing: ${pattern}`)
}

/** An assertion knows of each side only whether it is a word, a line break, something else, or the end. */
const sides = ['', 'a', '\n', ' '] as const

/** Whether the pattern can match the empty string, wherever that may stand. */
function matchesNothing(compiled: RE2JS): boolean {
  return sides.some((before) =>
    sides.some((after) => {
      const matcher = compiled.matcher(before + after)
      return matcher.find(before.length) && matcher.start() === matcher.end()
    }),
  )
}

/** So much is searched at once, beside the longest value. */
const stepChars = 128

/**
 * One search takes time linear in what it reads, but a text has many matches: `a.*b|a` would read on to the end of the
 * text behind each. So each reads no further than its window, which begins one character early and ends one late, for
 * the assertions.
 */
function findAll(compiled: RE2JS, text: string, charsMax: number): readonly Span[] {
  const spans: Span[] = []
  for (let at = 0; at < text.length;) {
    const early = Math.max(0, at - 1)
    const stop = at + stepChars
    const matcher = compiled.matcher(text.slice(early, stop + charsMax + 1))
    while (at < stop && matcher.find(at - early)) {
      const start = early + matcher.start()
      if (start >= stop) break
      const end = Math.min(early + matcher.end(), start + charsMax)
      if (end > start) spans.push({ start, end })
      at = Math.max(end, start + 1)
    }
    at = Math.max(at, stop)
  }
  return spans
}
