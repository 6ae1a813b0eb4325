import { isSecretName, saysSecret } from '@sluice/core'
import { nameOf, valueOf, type Token } from './tokens.ts'

/** Which tokens of a text are secrets by where they stand, as indices; and which strings are themselves code. */
export interface Marks {
  readonly secrets: ReadonlySet<number>
  readonly code: ReadonlySet<number>
}

/**
 * Arguments that are secret, by the function's name: from the first to before the last. Of pgcrypto; of public keys and of
 * what is encrypted nothing is secret by its place.
 */
const functions: ReadonlyMap<string, readonly [from: number, to: number]> = new Map([
  ...named('pgp_sym_encrypt pgp_sym_encrypt_bytea pgp_sym_decrypt pgp_sym_decrypt_bytea', [1, 2]),
  ...named('pgp_pub_decrypt pgp_pub_decrypt_bytea', [1, 3]),
  ...named('encrypt decrypt encrypt_iv decrypt_iv hmac', [1, 2]),
  ...named('crypt', [0, 1]),
])

function named(
  names: string,
  which: readonly [number, number],
): readonly (readonly [string, readonly [number, number]])[] {
  return names.split(' ').map((name) => [name, which])
}

/** Where a value ends that is compared or set. */
const ends: ReadonlySet<string> = new Set(
  'and or where from returning order group limit when then else end union on as'.split(' '),
)
const assigns: ReadonlySet<string> = new Set(['=', ':=', '=>'])
const compares: ReadonlySet<string> = new Set('= <> != := => in like ilike ~'.split(' '))

/** `tokens` without comments. Says more than there is rather than less. */
export function marksOf(tokens: readonly Token[]): Marks {
  return new Reader(tokens).read()
}

class Reader {
  readonly #tokens: readonly Token[]
  readonly #secrets = new Set<number>()
  readonly #code = new Set<number>()

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  read(): Marks {
    let start = 0
    for (const [index, token] of this.#tokens.entries()) {
      if (token.text === ';') start = index + 1
      else if (token.kind === 'name') this.#name(token, index, start)
      else if (token.kind === 'string' && this.#holdsCode(start)) this.#code.add(index)
    }
    return { secrets: this.#secrets, code: this.#code }
  }

  #name(token: Token, index: number, start: number): void {
    const name = nameOf(token) ?? 'secret'
    const next = this.#tokens[index + 1]
    if (isSecretName(name)) this.#compared(index)
    if (next === undefined) return
    if (name === 'into' && this.#word(index - 1) === 'insert') this.#insert(index + 1)
    else if (next.text === '(') this.#call(name, index + 1)
    // PASSWORD '…', and the options of servers and their users.
    else if (next.kind === 'string' && saysSecret(name)) this.#secrets.add(index + 1)
    else if (saysSecret(name) && this.#isSetting(index, start)) this.#setting(index + 2)
    else if (isSecretName(name) && compares.has(next.text.toLowerCase()))
      this.#mark(index + 2, this.#valueEnd(index + 2))
  }

  /** `'…' = password`, where the value stands first. */
  #compared(index: number): void {
    let first = index
    while (this.#tokens[first - 1]?.text === '.') first -= 2
    if (compares.has(this.#word(first - 1))) this.#mark(first - 2, first - 1)
  }

  /** Values for columns of such names: by their places, and all that a query gives. */
  #insert(name: number): void {
    let open = name
    while (this.#tokens[open]?.kind === 'name' || this.#tokens[open]?.text === '.') open += 1
    if (this.#tokens[open]?.text !== '(') return
    const columns = this.#arguments(open)
    const places = columns.flatMap(([from], place) => (this.#isSecretColumn(from) ? [place] : []))
    if (places.length === 0) return
    let at = (columns.at(-1)?.[1] ?? open) + 1
    if (this.#word(at) !== 'values') return this.#mark(at, this.#end(at))
    do {
      const row = this.#arguments(at + 1)
      for (const place of places) this.#mark(...(row[place] ?? [0, 0]))
      at = (row.at(-1)?.[1] ?? at) + 1
    } while (this.#tokens[at]?.text === ',')
  }

  #isSecretColumn(index: number): boolean {
    const token = this.#tokens[index]
    return token?.kind === 'name' && isSecretName(nameOf(token) ?? 'secret')
  }

  #end(from: number): number {
    const at = this.#tokens.findIndex(({ text }, index) => index >= from && text === ';')
    return at < 0 ? this.#tokens.length : at
  }

  /** SET name = …, also of a role, a database or a function. In an UPDATE it names a column. */
  #isSetting(index: number, start: number): boolean {
    const verb = this.#word(start)
    if (verb !== 'set' && verb !== 'alter' && verb !== 'create') return false
    const next = this.#tokens[index + 1]?.text.toLowerCase()
    if (next !== '=' && next !== 'to') return false
    let before = index
    while (this.#tokens[before - 1]?.text === '.') before -= 2
    const word = this.#word(before - 1)
    return word === 'set' || ((word === 'local' || word === 'session') && this.#word(before - 2) === 'set')
  }

  #call(name: string, open: number): void {
    const which = functions.get(name)
    if (which === undefined && name !== 'set_config') return
    const args = this.#arguments(open)
    const [first, second] = args
    const byName = args.some(([from]) => assigns.has(this.#tokens[from + 1]?.text ?? ''))
    // Which is which is told by names: rather all of them than the wrong one.
    if (byName) for (const [from, to] of args) this.#mark(from, to)
    else if (which !== undefined) for (const [from, to] of args.slice(...which)) this.#mark(from, to)
    else if (second !== undefined && this.#maySaySecret(first)) this.#mark(...second)
  }

  /** The name of a setting. One that is not known here may be any. */
  #maySaySecret([from, to]: readonly [number, number] = [0, 0]): boolean {
    const token = this.#tokens[from]
    if (token?.kind !== 'string' || (to > from + 1 && this.#tokens[from + 1]?.text !== '::')) return true
    return saysSecret(valueOf(token) ?? 'secret')
  }

  #arguments(open: number): readonly (readonly [from: number, to: number])[] {
    const found: (readonly [number, number])[] = []
    let from = open + 1
    let depth = 0
    for (let at = open; at < this.#tokens.length; at++) {
      const { text } = this.#tokens[at] ?? { text: '' }
      if (text === '(' || text === '[') depth += 1
      else if (text === ')' || text === ']') depth -= 1
      const ended = depth === 0
      if (ended || (text === ',' && depth === 1)) {
        found.push([from, at])
        from = at + 1
      }
      if (ended) return found
    }
    return [...found, [from, this.#tokens.length]]
  }

  #mark(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const kind = this.#tokens[at]?.kind
      if (kind === 'string' || kind === 'number' || kind === 'parameter') this.#secrets.add(at)
    }
  }

  /** A list of values; SET takes words as it takes strings. */
  #setting(from: number): void {
    for (let at = from; at < this.#tokens.length; at++) {
      const token = this.#tokens[at]
      if (token?.kind === 'sign' && !/^[-+,]$/.test(token.text)) return
      if (token?.kind === 'sign') continue
      this.#secrets.add(at)
      if (this.#tokens[at + 1]?.text !== ',') return
    }
  }

  #valueEnd(from: number): number {
    let depth = 0
    for (let at = from; at < this.#tokens.length; at++) {
      const { text } = this.#tokens[at] ?? { text: '' }
      if (text === '(') depth += 1
      if (text === ')') depth -= 1
      const over = text === ';' || (depth === 0 && (text === ',' || ends.has(text.toLowerCase())))
      if (depth < 0 || over) return at
    }
    return this.#tokens.length
  }

  /** The string after DO is the body of a block, and one in CREATE FUNCTION that of a function. */
  #holdsCode(start: number): boolean {
    if (this.#word(start) === 'do') return true
    if (this.#word(start) !== 'create') return false
    return [1, 2, 3].some((more) => ['function', 'procedure'].includes(this.#word(start + more)))
  }

  #word(index: number): string {
    return this.#tokens[index]?.text.toLowerCase() ?? ''
  }
}
