import { mayHoldSecret, redacted, secretRanges, tokenRanges, type Range } from '@sluice/core'
import { marksOf } from './rules.ts'
import { innerOf, tokensOf, valueOf, type Token } from './tokens.ts'
import { sqlLimits } from '../limits.ts'

/** What stands in a text in the place of bytes from, up to but not including to. */
interface Edit {
  readonly from: number
  readonly to: number
  readonly by: string
}

/** The secrets of one text. */
export interface Secrets {
  /** The text without them, latin1. */
  readonly text: string
  /** As the server reads them, latin1: an answer must not repeat them. */
  readonly values: readonly string[]
  /** Numbers of the parameters whose values are secrets too. */
  readonly parameters: ReadonlySet<number>
}

/** A text, as latin1, and what must not be recorded of it: that is looked for once, since it may take long. */
export interface Searched {
  readonly text: string
  readonly secrets: Secrets | undefined
}

/** Words around which a text that nobody can read may hold a secret. */
const mention =
  /pass(?:word|wd|phrase)|pwd|secret|token|credential|authorization|crypt|hmac|set_config|dblink|connection|options|[\w.-]key/i
const quote = /['"]|\$[^\d ]*\$/
const quotedMark = `'${redacted}'`
/** Shorter values are in many others by chance: they are hidden only where they are all of a value. */
export const partBytesMin = 6
/** Rows of secrets are not looked for in each other. */
const repeatedMax = 32
/** Code in strings in code: deeper than that nobody looks, and all of it is hidden. */
const depthMax = 4

/**
 * What must not be recorded of a statement, given as latin1, which keeps each byte apart. `parses`: the server would read
 * it as its parser here does; otherwise its quotes may mean something else, and everything behind the first sign of a
 * secret counts as one. `undefined`: it holds none.
 */
export function secretsOf(text: string, parses: boolean): Secrets | undefined {
  if (!mayHoldSecret(text) && (parses || !mention.test(text))) return undefined
  const finder = new Finder()
  if (parses) finder.statement(text, 0, 0)
  else finder.unread(text)
  return finder.secrets(text)
}

/** The same for a value that came beside its statement; `undefined`: it holds none. */
export function withoutSecretsIn(value: string): Secrets | undefined {
  if (!mayHoldSecret(value)) return undefined
  const finder = new Finder()
  finder.value(value, 0, 1)
  return finder.secrets(value)
}

/** A statement without any constant: for the arguments of EXECUTE, whose meaning is that of another text. */
export function withoutConstants(text: string): Secrets | undefined {
  const finder = new Finder()
  finder.constants(text)
  return finder.secrets(text)
}

class Finder {
  readonly #edits: Edit[] = []
  readonly #values: string[] = []
  readonly #parameters = new Set<number>()

  secrets(text: string): Secrets | undefined {
    if (this.#edits.length === 0 && this.#parameters.size === 0) return undefined
    return { text: edited(text, this.#edits), values: this.#values, parameters: this.#parameters }
  }

  /** `at`: where it begins in the whole text. */
  statement(text: string, at: number, depth: number): void {
    this.#ranges(tokenRanges(text), text, at)
    const tokens = tokensOf(utf8(text))
    if (tokens === null) return this.unread(text, at)
    this.#tokens(tokens, text, at, depth)
    this.#repeated(tokens, text, at)
  }

  /** What is a secret in one place is one in every other that is a value; names stay, so that nobody hides one so. */
  #repeated(tokens: readonly Token[], text: string, at: number): void {
    const secrets = this.#values.filter((value) => value.length >= partBytesMin)
    if (secrets.length === 0 || secrets.length > repeatedMax) return
    for (const token of tokens) {
      if (token.kind !== 'string' && token.kind !== 'comment') continue
      const [from, to] = [at + token.from, at + token.to]
      const within = this.#edits.filter((edit) => edit.from >= from && edit.to <= to)
      const moved = within.map((edit) => ({ ...edit, from: edit.from - from, to: edit.to - from }))
      const written = edited(text.slice(token.from, token.to), moved)
      const value = within.length === 0 && token.kind === 'string' ? latin1(valueOf(token) ?? '') : ''
      if (secrets.some((secret) => written.includes(secret) || value.includes(secret)))
        this.#secret(token, text, at)
    }
  }

  /** A value may be a connection string, or code, or anything. What is long is not read as code. */
  value(text: string, at: number, depth: number): void {
    const tokens = text.length > sqlLimits.statementInlineBytesMax ? null : tokensOf(utf8(text))
    if (tokens !== null) this.#tokens(tokens, text, at, depth)
    this.#ranges(secretRanges(text), text, at)
  }

  unread(text: string, at = 0): void {
    this.#ranges(tokenRanges(text), text, at)
    const word = mention.exec(text)
    if (word === null) return
    const end = word.index + word[0].length
    const from = Math.min(quote.exec(text)?.index ?? end, end)
    this.#edits.push({ from: at + from, to: at + text.length, by: ` ${redacted}` })
  }

  constants(text: string): void {
    const tokens = tokensOf(utf8(text))
    if (tokens === null) return this.#whole(0, text.length, redacted, text)
    for (const token of tokens)
      if (token.kind === 'string' || token.kind === 'number' || token.kind === 'comment')
        this.#secret(token, text, 0)
  }

  #tokens(all: readonly Token[], text: string, at: number, depth: number): void {
    for (const token of all) if (token.kind === 'comment') this.#comment(token, text, at)
    const tokens = all.filter(({ kind }) => kind !== 'comment')
    const { secrets, code } = marksOf(tokens)
    for (const [index, token] of tokens.entries()) {
      if (secrets.has(index)) this.#secret(token, text, at)
      else if (token.kind === 'string') this.#string(token, text, at, depth, code.has(index))
    }
  }

  #secret(token: Token, text: string, at: number): void {
    const { from, to, kind } = token
    if (kind === 'parameter') return void this.#parameters.add(Number(token.text.slice(1)))
    const written = text.slice(from, to)
    const value = kind === 'string' ? valueOf(token) : null
    const by = kind === 'string' ? quotedMark : redacted
    this.#whole(at + from, at + to, by, value === null ? written : latin1(value))
  }

  #comment({ from, to }: Token, text: string, at: number): void {
    const comment = text.slice(from, to)
    this.#ranges(secretRanges(comment), comment, at + from)
  }

  #string(token: Token, text: string, at: number, depth: number, isCode: boolean): void {
    const written = text.slice(token.from, token.to)
    if (!mayHoldSecret(written)) return
    const inner = innerOf(token)
    if (depth >= depthMax) return this.#secret(token, text, at)
    if (inner !== null) {
      const value = text.slice(...inner)
      if (isCode) this.#body(value, at + inner[0], depth + 1)
      else this.value(value, at + inner[0], depth + 1)
      return
    }
    const value = valueOf(token)
    const within = new Finder()
    if (value !== null && isCode) within.#body(latin1(value), 0, depth + 1)
    else if (value !== null) within.value(latin1(value), 0, depth + 1)
    if (value === null || within.#edits.length > 0) this.#secret(token, text, at)
  }

  /** Code of a language that is not read here: where it speaks of secrets, each of its strings may be one. */
  #body(text: string, at: number, depth: number): void {
    this.#ranges(tokenRanges(text), text, at)
    const tokens = tokensOf(utf8(text))
    if (tokens === null) return this.unread(text, at)
    if (!mention.test(text)) return this.#tokens(tokens, text, at, depth)
    for (const token of tokens) if (token.kind === 'string') this.#secret(token, text, at)
  }

  #ranges(ranges: readonly Range[], text: string, at: number): void {
    for (const [from, to] of ranges) this.#whole(at + from, at + to, redacted, text.slice(from, to))
  }

  #whole(from: number, to: number, by: string, value: string): void {
    this.#edits.push({ from, to, by })
    this.#values.push(value)
  }
}

/** Where two edits overlap both places are gone; the one that begins first says what stands there. */
function edited(text: string, edits: readonly Edit[]): string {
  let kept = ''
  let at = 0
  for (const { from, to, by } of edits.toSorted((one, other) => one.from - other.from || other.to - one.to)) {
    if (from >= at) kept += text.slice(at, from) + by
    at = Math.max(at, to)
  }
  return kept + text.slice(at)
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString()
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
