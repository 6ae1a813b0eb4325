import { tokensOf, type Rule, type Token } from './tokens.ts'

const keywords = new Set(
  'if then elif else fi for while until do done case esac in function select time'.split(' '),
)

const rules: readonly Rule[] = [
  { kind: 'comment', pattern: /(?<=^|\s)#[^\n]*/y },
  { kind: 'string', pattern: /'[^']*(?:'|$)/y },
  { kind: 'string', pattern: /"(?:[^"\\]|\\[\s\S])*(?:"|$)/y },
  { kind: 'name', pattern: /\$(?:\w+|\{[^}]*\}|[@*#?$!-])/y },
  { kind: 'value', pattern: /⟨[^⟨⟩]*⟩/y },
  { kind: 'property', pattern: /(?<=\s)--?[A-Za-z][\w-]*/y },
  { kind: (word) => (keywords.has(word) ? 'keyword' : 'plain'), pattern: /[A-Za-z_][\w.-]*/y },
  { kind: 'operator', pattern: /[|&;<>()]+/y },
]

export function shellTokens(text: string): readonly Token[] {
  return tokensOf(text, rules)
}
