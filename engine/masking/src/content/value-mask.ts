import { maskMethods, type Pseudonyms } from '@sluice/core/verdict'
import { maskInPlace, redacted } from '../methods.ts'
import { replacementOf, type InPlace } from '../replacement.ts'
import type { MaskRequest, Replacement } from '../replacer.ts'
import { isJsonNumber, plainDecimal } from './plain-decimal.ts'
import { InvalidMask } from './rules.ts'

/** What stands in the place of a value, and the method that made it. */
export interface Shown {
  readonly text: string
  readonly method: string
}

/** The same for each value, or made of it. */
type Usable = Shown | ((value: string) => Shown)

/**
 * What one rule makes of the values of content. A value of JSON is replaced by one of its own type where the method has
 * one for it, and by one that says nothing otherwise; a null stays what it is.
 */
export class ValueMask {
  /** What is counted: a path, or the name of a detector. */
  readonly name: string
  readonly request: MaskRequest
  readonly #text: Usable
  readonly #string: Usable
  readonly #part: Usable
  readonly #number: Usable

  /** Throws `InvalidMask`. */
  constructor(name: string, request: MaskRequest, rule: string, pseudonyms: Pseudonyms | undefined) {
    this.name = name
    this.request = request
    const asked = request.method === 'null' ? redact : request
    const text = replacementOf({ element: 'text', array: false }, asked, 'text', pseudonyms)
    const number = replacementOf({ element: 'numeric', array: false }, asked, 'text', pseudonyms)
    if (text.kind === 'invalid' && number.kind === 'invalid') throw new InvalidMask(rule, text.why)
    this.#text = usable(text) ?? { text: redacted, method: 'redact' }
    this.#number = usable(number) ?? zero
    const inQuotes = made(this.#text, (text) => JSON.stringify(text))
    this.#string = request.method === 'null' ? nothing : inQuotes
    this.#part = made(inQuotes, (text) => text.slice(1, -1))
  }

  /** In a text, where there is no null. */
  text(value: string): Shown {
    return shown(this.#text, value)
  }

  /** The same in a string of JSON, as it is spelled there. */
  partOfString(value: string): Shown {
    return shown(this.#part, value)
  }

  /** The next three give values of JSON. */
  string(value: string): Shown {
    return shown(this.#string, value)
  }

  number(value: string): Shown {
    if (this.request.method === 'null') return nothing
    const plain = plainDecimal(value)
    if (plain === null) return zero
    const masked = shown(this.#number, plain)
    return isJsonNumber(masked.text) ? masked : zero
  }

  /** Of two values a pseudonym would tell which, and so would any part of one. */
  boolean(): Shown {
    const { method, value } = this.request
    if (method === 'null') return nothing
    return method === 'constant' && value === 'true'
      ? { text: value, method }
      : { text: 'false', method: 'redact' }
  }
}

/** Of two masks of one value the one that hides more; two that show different parts would show both. */
export function stricter(one: ValueMask, other: ValueMask): ValueMask {
  const difference = maskMethods.indexOf(one.request.method) - maskMethods.indexOf(other.request.method)
  if (difference !== 0) return difference > 0 ? one : other
  const isSame = one.request.to === other.request.to && one.request.domain === other.request.domain
  return isSame ? one : new ValueMask(one.name, redact, one.name, undefined)
}

/** The same value in a form of which no part may be shown. */
export function concealing({ name }: ValueMask): ValueMask {
  return new ValueMask(name, redact, name, undefined)
}

const redact: MaskRequest = { method: 'redact' }
const nothing: Shown = { text: 'null', method: 'null' }
const zero: Shown = { text: '0', method: 'redact' }

function shown(as: Usable, value: string): Shown {
  return typeof as === 'function' ? as(value) : as
}

function made(as: Usable, of: (text: string) => string): Usable {
  const make = ({ text, method }: Shown): Shown => ({ text: of(text), method })
  return typeof as === 'function' ? (value) => make(as(value)) : make(as)
}

/** `undefined` when the request cannot be kept. */
function usable(found: Replacement | InPlace): Usable | undefined {
  switch (found.kind) {
    case 'invalid':
      return undefined
    case 'fixed':
      return { text: found.bytes.toString(), method: found.method }
    case 'computed':
      return (value) => ({ text: found.replace(Buffer.from(value)).toString(), method: found.method })
    case 'in_place':
      return (value) => {
        const bytes = Buffer.from(value)
        maskInPlace(found.how, bytes, 0, bytes.length)
        return { text: bytes.toString(), method: found.method }
      }
  }
}
