import { jsonTokens } from './json.ts'
import { tokensOf, type Rule, type Token } from './tokens.ts'

const rules: readonly Rule[] = [
  { kind: 'keyword', pattern: /(?<=^|\n)(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)(?= )/y },
  { kind: 'property', pattern: /(?<=\n)[\w-]+(?=:)/y },
  { kind: 'value', pattern: /⟨[^⟨⟩]*⟩/y },
]

/** A request or an answer as it is written: a first line, headers, and behind an empty line a body. */
export function httpTokens(text: string): readonly Token[] {
  const at = text.indexOf('\n\n')
  if (at < 0) return tokensOf(text, rules)
  return [...tokensOf(text.slice(0, at), rules), ...jsonTokens(text.slice(at))]
}
