import { tokensIn, type Language } from './syntax/language.ts'
import type { Token } from './syntax/tokens.ts'

/** One line of a text, coloured; a token that goes over several lines is in each of them. */
export function linesOf(text: string, language: Language): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]]
  for (const { kind, text: whole } of tokensIn(text, language))
    for (const [at, part] of whole.split('\n').entries()) {
      if (at > 0) lines.push([])
      if (part !== '') lines.at(-1)?.push({ kind, text: part })
    }
  return lines
}

/** Whether a row is in one of these ranges, each from and to, both included. */
export function isIn(row: number, ranges: readonly (readonly [from: number, to: number])[]): boolean {
  return ranges.some(([from, to]) => row >= from && row <= to)
}
