import { tokensOf, type Rule, type Token } from './tokens.ts'

const keywords = new Set(
  'package import as default if else not contains in every some with true false null'.split(' '),
)

const rules: readonly Rule[] = [
  { kind: 'comment', pattern: /#[^\n]*/y },
  { kind: 'string', pattern: /"(?:[^"\\\n]|\\.)*(?:"|$)?/y },
  { kind: 'string', pattern: /`[^`]*(?:`|$)/y },
  { kind: 'number', pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/y },
  { kind: 'name', pattern: /(?:input|data)\b/y },
  { kind: (word) => (keywords.has(word) ? 'keyword' : 'plain'), pattern: /[A-Za-z_]\w*/y },
  { kind: 'operator', pattern: /:=|==|!=|<=|>=|[-+*/%<>=&|]/y },
]

export function regoTokens(text: string): readonly Token[] {
  return tokensOf(text, rules)
}
