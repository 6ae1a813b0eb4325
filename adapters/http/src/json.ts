import { type Json } from '@sluice/core'
import { excessive, malformed } from './objection.ts'
import { httpLimits } from './limits.ts'

/**
 * RFC 8259, and stricter where servers differ: no name twice in an object, no half of a surrogate pair, no number that
 * is none in binary64. A number that binary64 does not have exactly stays the text that it is, so that no rule
 * compares another one. No member `__proto__`: some servers take it for more than a name.
 */
export function parseJson(text: string): Json {
  return new Reader(text).whole()
}

/** One value a line; empty lines are none. */
export function parseJsonLines(text: string): readonly Json[] {
  const lines = text.split('\n').filter((line) => !/^[ \t\r]*$/.test(line))
  if (lines.length > httpLimits.jsonValuesMax) throw tooMany()
  let values = 0
  return lines.map((line) => {
    const reader = new Reader(line, values)
    const value = reader.whole()
    values = reader.values
    return value
  })
}

const blanks = /[ \t\n\r]*/y
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const numberChars = /[-+.0-9eE]*/y
const numberCharsMax = 400
const words: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0
  values: number

  constructor(text: string, values = 0) {
    this.#text = text
    this.values = values
  }

  whole(): Json {
    const value = this.#value()
    this.#skip()
    if (this.#at < this.#text.length) throw unreadable()
    return value
  }

  #value(): Json {
    this.values += 1
    if (this.values > httpLimits.jsonValuesMax) throw tooMany()
    this.#skip()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object())
      case '[':
        return this.#nested(() => this.#array())
      case '"':
        return this.#string()
      default:
        return this.#plain()
    }
  }

  #nested(read: () => Json): Json {
    this.#depth += 1
    if (this.#depth > httpLimits.jsonDepthMax)
      throw excessive('json', `JSON may have ${httpLimits.jsonDepthMax} levels.`)
    this.#at += 1
    const value = read()
    this.#depth -= 1
    return value
  }

  #object(): Json {
    const entries = new Map<string, Json>()
    if (this.#take('}')) return {}
    do {
      this.#skip()
      const name = this.#string()
      if (name === '__proto__') throw malformed('json', 'The JSON has a member "__proto__".')
      if (entries.has(name)) throw malformed('json', 'An object in the JSON has a name twice.')
      if (!this.#take(':')) throw unreadable()
      entries.set(name, this.#value())
    } while (this.#take(','))
    if (!this.#take('}')) throw unreadable()
    return Object.fromEntries(entries)
  }

  #array(): Json {
    const items: Json[] = []
    if (this.#take(']')) return items
    do items.push(this.#value())
    while (this.#take(','))
    if (!this.#take(']')) throw unreadable()
    return items
  }

  /** Its end is looked for here, what is in it is read by the engine. */
  #string(): string {
    if (this.#text[this.#at] !== '"') throw unreadable()
    let end = this.#at
    do {
      end = this.#text.indexOf('"', end + 1)
      if (end < 0) throw unreadable()
    } while (this.#isEscaped(end))
    const read = textOf(this.#text.slice(this.#at, end + 1))
    this.#at = end + 1
    return read
  }

  #isEscaped(quote: number): boolean {
    let before = quote
    while (this.#text[before - 1] === '\\') before -= 1
    return (quote - before) % 2 === 1
  }

  #plain(): Json {
    const found = words.find(([word]) => this.#text.startsWith(word, this.#at))
    if (found === undefined) return this.#number()
    const [word, value] = found
    this.#at += word.length
    return value
  }

  #number(): Json {
    numberChars.lastIndex = this.#at
    const text = numberChars.exec(this.#text)?.[0] ?? ''
    if (text.length > numberCharsMax || !number.test(text)) throw unreadable()
    this.#at += text.length
    return numberOf(text)
  }

  #take(sign: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #skip(): void {
    blanks.lastIndex = this.#at
    blanks.exec(this.#text)
    this.#at = blanks.lastIndex
  }
}

function textOf(literal: string): string {
  let text: unknown
  try {
    text = JSON.parse(literal)
  } catch {
    throw unreadable()
  }
  if (typeof text !== 'string' || !text.isWellFormed()) throw unreadable()
  return text
}

/** So many digits are always exact. */
const exactDigits = 15

function numberOf(text: string): number | string {
  const value = Number(text)
  if (!Number.isFinite(value)) throw malformed('json', 'A number in the JSON is too large.')
  if (text.length <= exactDigits && !/e/i.test(text)) return value
  return significant(text) === significant(String(value)) ? value : text
}

/** Sign, digits and power of ten: equal for equal numbers. */
function significant(text: string): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const shortest = digits.replace(/(?<!0)0+$/, '')
  if (shortest === '') return '0'
  const exponent = Number(power) - fraction.length + digits.length - shortest.length
  return `${text.startsWith('-') ? '-' : ''}${shortest}e${exponent}`
}

function unreadable(): Error {
  return malformed('json', 'The body is not JSON that can be read in one way only.')
}

function tooMany(): Error {
  return excessive('json', `JSON may have ${httpLimits.jsonValuesMax} values.`)
}
