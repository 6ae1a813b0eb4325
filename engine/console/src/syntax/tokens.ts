/** What a piece of a text is, for its colour. */
export type TokenKind =
  'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'name' | 'operator' | 'value' | 'property'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

/** One way in which a token may begin; the first rule that fits where the text is takes it. */
export interface Rule {
  readonly kind: TokenKind | ((text: string) => TokenKind)
  /** Sticky. */
  readonly pattern: RegExp
}

/** Cuts the whole text: joined again, the tokens are the text. What no rule knows is plain. */
export function tokensOf(text: string, rules: readonly Rule[]): readonly Token[] {
  const tokens: Token[] = []
  let plain = 0
  for (let at = 0; at < text.length;) {
    const found = first(text, at, rules)
    if (found === undefined) {
      at += 1
      continue
    }
    if (at > plain) tokens.push({ kind: 'plain', text: text.slice(plain, at) })
    tokens.push(found)
    at += found.text.length
    plain = at
  }
  if (plain < text.length) tokens.push({ kind: 'plain', text: text.slice(plain) })
  return tokens
}

function first(text: string, at: number, rules: readonly Rule[]): Token | undefined {
  for (const { kind, pattern } of rules) {
    pattern.lastIndex = at
    const [found = ''] = pattern.exec(text) ?? []
    if (found !== '') return { kind: typeof kind === 'function' ? kind(found) : kind, text: found }
  }
  return undefined
}
