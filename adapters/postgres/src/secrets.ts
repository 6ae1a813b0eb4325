import { scanSync } from 'libpg-query'
import { GenerationCache, isSecretName, shapedSecrets } from '@sluice/core'
// Compiles the scanner too.
import './parse.ts'

/** From its first byte to behind its last. */
export type Span = readonly [from: number, to: number]

/** The secrets of one statement. */
export interface Secrets {
  /** In its text. */
  readonly spans: readonly Span[]
  /** Parameters whose values are secrets, from 1. */
  readonly parameters: ReadonlySet<number> | 'all'
}

/** Nothing of this, nothing to look for. */
const hint =
  /pass|pwd|secret|credential|token|api_?key|access_?key|private_?key|crypt|hmac|connection|eyJ|[sprk]k[-_]|gh[pousr]_|github_pat_|xox|A[KS]IA|AIza|slu_|:\/\//i

const none: Secrets = Object.freeze({ spans: Object.freeze([]), parameters: new Set<number>() })

const known = new GenerationCache<Secrets>(1_000, 4_000_000)

/** `text`: its bytes as latin1, so that places are bytes. By syntax where it can be read, and else by caution. */
export function secretsOf(text: string): Secrets {
  if (!hint.test(text)) return none
  const remembered = known.get(text)
  if (remembered !== undefined) return remembered
  const found = search(text)
  known.set(text, found, 32 * found.spans.length)
  return found
}

/** The secrets of a request that executes these texts: the first as it came, the others what it calls by name. */
export function secretsOfRequest([first = '', ...called]: readonly string[]): {
  readonly spans: readonly Span[]
  readonly isParameter: (number: number) => boolean
} {
  const own = secretsOf(first)
  const parameters = [own, ...called.map(secretsOf)].map((each) => each.parameters)
  const gives = parameters.slice(1).some((each) => each === 'all' || each.size > 0)
  return {
    // EXECUTE gives values to a text that stands elsewhere, and says their names nowhere.
    spans: gives ? [...own.spans, ...fromFirstQuote(first)] : own.spans,
    isParameter: (number) => parameters.some((each) => each === 'all' || each.has(number)),
  }
}

function search(text: string): Secrets {
  const shaped = shapedSecrets(text)
  const tokens = tokensOf(text)
  if (tokens === null) return { spans: [...shaped, ...fromFirstQuote(text)], parameters: 'all' }
  const spans: Span[] = [...shaped]
  const parameters = new Set<number>()
  let all = false
  const reader = new Reader(tokens)
  for (const token of reader) {
    const secret = reader.secretOf(token)
    if (secret === 'nothing') continue
    if (token.kind === 'parameter') parameters.add(Number(token.text.slice(1)))
    else spans.push(...(secret === 'inside' ? inside(token) : [within(token)]))
    all ||= reader.insertsSecret
  }
  for (const { kind, text: comment, from, to } of tokens)
    if (kind === 'comment' && pairs.test(comment)) spans.push([from, to])
  return { spans, parameters: all ? 'all' : parameters }
}

/** What cannot be read may hold a secret in any of its quotes. */
function fromFirstQuote(text: string): readonly Span[] {
  const at = text.search(/['"$]/)
  return at === -1 ? [] : [[at, text.length]]
}

interface Token {
  readonly kind: 'string' | 'parameter' | 'word' | 'comment' | 'sign'
  readonly text: string
  readonly from: number
  readonly to: number
}

const quoted = /^(?:[benux]|u&)?'/i
const dollars = /^\$[^$]*\$/
const word = /^(?:[a-z_\u0080-\uffff]|")/i

function tokensOf(text: string): readonly Token[] | null {
  try {
    const { tokens } = scanSync(Buffer.from(text, 'latin1').toString())
    return tokens.map(({ tokenName, start: from, end: to }): Token => {
      const own = text.slice(from, to)
      return { kind: kindOf(tokenName, own), text: own, from, to }
    })
  } catch {
    return null
  }
}

function kindOf(name: string, text: string): Token['kind'] {
  if (name === 'SCONST' || quoted.test(text)) return 'string'
  if (name === 'PARAM') return 'parameter'
  if (name === 'SQL_COMMENT' || name === 'C_COMMENT') return 'comment'
  return word.test(text) ? 'word' : 'sign'
}

/** Their arguments are keys, passwords, or what is kept from others by them. */
const secretFunctions =
  /^(?:pgp_(?:sym|pub)_(?:en|de)crypt(?:_bytea)?|(?:en|de)crypt(?:_iv)?|crypt|hmac|dblink_connect(?:_u)?)$/

/** A name of a secret, and behind it a value: in a connection string, in JSON, in SQL that is itself a string. */
const pairs =
  /(?:passw(?:or)?d|passphrase|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key|token|pwd)\\?["']*\s*(?:=>?|:|\s(?=\s*\\?'))\s*\\?["']*[^\s"',;)}]/i

/** Goes through the tokens and knows of each where it stands. */
class Reader {
  /** The statement is an INSERT with a column whose name is that of a secret. */
  insertsSecret = false
  readonly #tokens: readonly Token[]
  /** For each open bracket whether what stands in it is secret. */
  readonly #open: boolean[] = []
  #at = -1

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens.filter(({ kind }) => kind !== 'comment')
    this.#beginStatement(0)
  }

  *[Symbol.iterator](): Generator<Token> {
    for (const [at, token] of this.#tokens.entries()) {
      this.#at = at
      if (token.text === '(') this.#open.push(this.#opensSecret())
      else if (token.text === ')') this.#open.pop()
      else if (token.text === ';') this.#beginStatement(at + 1)
      yield token
    }
  }

  /** Whether it is a secret as it stands, or something in it may be. */
  secretOf(token: Token): 'whole' | 'inside' | 'nothing' {
    const { kind, text } = token
    if (kind !== 'string' && kind !== 'parameter') return 'nothing'
    if (this.insertsSecret || this.#open.includes(true) || this.#isNamed()) return 'whole'
    if (kind === 'parameter') return 'nothing'
    if (dollars.test(text)) return hint.test(text) ? 'inside' : 'nothing'
    return pairs.test(text) ? 'whole' : 'nothing'
  }

  /** `password '…'`, `password = '…'`, `secret TO '…'`, `CONNECTION '…'`, `'…' = password`, `set_config('…secret', '…'`. */
  #isNamed(): boolean {
    const before = this.#back(1)
    if (isSecretWord(before) || lower(before) === 'connection') return true
    if (isComparison(before) && isSecretWord(this.#back(2))) return true
    if (before?.text === ',' && this.#back(2)?.kind === 'string' && lower(this.#back(4)) === 'set_config')
      return isSecretName(this.#back(2)?.text.replaceAll("'", '') ?? '')
    return isComparison(this.#back(-1)) && isSecretWord(this.#lastOfName(2))
  }

  /** The last word of a name that begins so far ahead: `u.password`. */
  #lastOfName(ahead: number): Token | undefined {
    let at = ahead
    while (this.#back(-at - 1)?.text === '.') at += 2
    return this.#back(-at)
  }

  #opensSecret(): boolean {
    const owner = this.#back(1)
    if (owner?.kind === 'word' && secretFunctions.test(lower(owner))) return true
    return (lower(owner) === 'in' || isComparison(owner)) && isSecretWord(this.#back(2))
  }

  #beginStatement(at: number): void {
    this.#open.length = 0
    const rest = this.#tokens.slice(at)
    const end = rest.findIndex(({ text }) => text === ';')
    const statement = end === -1 ? rest : rest.slice(0, end)
    const isInsert = statement.some((token) => lower(token) === 'insert')
    const body = statement.findIndex((token) => /^(?:values|select|default)$/.test(lower(token)))
    const columns = body === -1 ? statement : statement.slice(0, body)
    this.insertsSecret = isInsert && columns.some(isSecretWord)
  }

  #back(steps: number): Token | undefined {
    return this.#tokens[this.#at - steps]
  }
}

const comparisons = /^(?:=|<>|!=|:=|=>|to|like|ilike|~)$/

function isComparison(token: Token | undefined): boolean {
  return comparisons.test(lower(token))
}

function isSecretWord(token: Token | undefined): boolean {
  return token?.kind === 'word' && isSecretName(token.text.replaceAll('"', ''))
}

function lower(token: Token | undefined): string {
  return token?.text.replaceAll('"', '').toLowerCase() ?? ''
}

/** What stands between the quotes of a string. */
function within({ text, from, to }: Token): Span {
  const tag = dollars.exec(text)?.[0]
  return tag === undefined ? [from + text.indexOf("'") + 1, to - 1] : [from + tag.length, to - tag.length]
}

/** A text between dollars is code more often than not, whose strings may come together to a statement elsewhere. */
function inside(token: Token): readonly Span[] {
  const [from, to] = within(token)
  const body = token.text.slice(from - token.from, to - token.from)
  const { spans } = search(body)
  const strings = passwords.test(body) ? (tokensOf(body) ?? []).filter(({ kind }) => kind === 'string') : []
  return [...spans, ...strings.map(within)].map(([a, b]): Span => [from + a, from + b])
}

const passwords = /passw(?:or)?d|passphrase/i
