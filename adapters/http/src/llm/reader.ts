import type { Json } from '@sluice/core'

/** The profile does not know what this means: it is refused, never guessed at. */
export class Unread extends Error {
  override readonly name = 'Unread'
}

type Fields = { readonly [name: string]: Json }

/** One object of a request or an answer. A member that is `null` is not there. */
export class Reader {
  readonly #fields: Fields
  readonly #at: string

  private constructor(fields: Fields, at: string) {
    this.#fields = fields
    this.#at = at
  }

  static of(value: Json | undefined, at = ''): Reader {
    if (!isFields(value)) throw new Unread(`${at === '' ? 'the body' : `"${at}"`} must be an object`)
    return new Reader(value, at)
  }

  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  value(name: string): Json | undefined {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined
  }

  needed(name: string, charsMax: number = namesMax): string {
    return this.text(name, charsMax) ?? this.#wrong(name, 'a text')
  }

  /** Policies see it, and it is recorded: it has an end. */
  text(name: string, charsMax: number = namesMax): string | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value === '') return this.#wrong(name, 'a text')
    return value.length <= charsMax ? value : this.#wrong(name, `a text of at most ${charsMax} characters`)
  }

  flag(name: string): boolean {
    const value = this.value(name) ?? false
    return typeof value === 'boolean' ? value : this.#wrong(name, 'true or false')
  }

  number(name: string): number | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'number') return value
    return this.#wrong(name, 'a number')
  }

  whole(name: string): number | undefined {
    const value = this.number(name)
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
    return this.#wrong(name, 'a whole number')
  }

  object(name: string): Reader | undefined {
    const value = this.value(name)
    return value === undefined ? undefined : Reader.of(value, this.path(name))
  }

  list(name: string): readonly Json[] {
    const value = this.value(name) ?? []
    return isList(value) ? value : this.#wrong(name, 'a list')
  }

  objects(name: string): readonly Reader[] {
    return this.list(name).map((value, at) => Reader.of(value, `${this.path(name)}.${at}`))
  }

  /** One at least. */
  some(name: string): readonly Reader[] {
    const all = this.objects(name)
    return all.length > 0 ? all : this.#wrong(name, 'a list that is not empty')
  }

  path(name: string): string {
    return this.#at === '' ? name : `${this.#at}.${name}`
  }

  #wrong(name: string, what: string): never {
    throw new Unread(`"${this.path(name)}" must be ${what}`)
  }
}

const namesMax = 256

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !isList(value)
}
