import { tokensOf, type Rule, type Token } from './tokens.ts'

const rules: readonly Rule[] = [
  { kind: 'property', pattern: /"(?:[^"\\\n]|\\.)*"(?=\s*:)/y },
  { kind: 'string', pattern: /"(?:[^"\\\n]|\\.)*(?:"|$)?/y },
  { kind: 'number', pattern: /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/y },
  { kind: 'keyword', pattern: /(?:true|false|null)\b/y },
  { kind: 'value', pattern: /⟨[^⟨⟩]*⟩/y },
]

export function jsonTokens(text: string): readonly Token[] {
  return tokensOf(text, rules)
}
