import { isAscii } from 'node:buffer'
import { numberBytesMax, valueBytesMax } from './limits.ts'
import { Unreadable } from './unreadable.ts'

/** The bytes of JSON (RFC 8259) that mean something by themselves. */
export const sign = {
  tab: 0x09,
  newline: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
  f: 0x66,
  n: 0x6e,
  t: 0x74,
  u: 0x75,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const

export function notJson(): Unreadable {
  return new Unreadable('the content is no valid JSON')
}

/** What a byte in a string is; none of these: a control, a quote or a backslash. Whether the others are UTF-8 is not asked here. */
const kind = { ascii: 1, beyondAscii: 2 } as const
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < sign.space || byte === sign.quote || byte === sign.backslash) return 0
  return byte < 0x80 ? kind.ascii : kind.beyondAscii
})
const hexadecimal = new Set(Buffer.from('0123456789abcdefABCDEF'))
const escapable = new Set(Buffer.from('"\\/bfnrt'))
const numeric = new Uint8Array(256)
for (const byte of Buffer.from('+-.0123456789eE')) numeric[byte] = 1

/** Finds the end of a string that may come in pieces, without looking at a byte twice. */
export class StringScan {
  /** Whether the string has escapes. */
  escaped = false
  /** What bytes it has, besides those of escapes. */
  #kinds = 0
  /** Of a string without an end, from its quote on. */
  #seen = 0

  /** Behind the closing quote; -1 when there is none yet. The next time the string begins in the same way. */
  end(bytes: Buffer, start: number): number {
    if (this.#seen === 0) {
      this.escaped = false
      this.#kinds = 0
    }
    let at = start + Math.max(1, this.#seen)
    for (;;) {
      at = this.#plainEnd(bytes, at)
      if (at - start > valueBytesMax) throw new Unreadable('a string is longer than any that can be judged')
      if (at >= bytes.length) break
      if (bytes[at] === sign.quote) {
        this.#seen = 0
        return at + 1
      }
      const next = escapeEnd(bytes, at)
      if (next < 0) break
      this.escaped = true
      at = next
    }
    this.#seen = at - start
    return -1
  }

  /** Each of its bytes is the character that it means. */
  get literal(): boolean {
    return !this.escaped && (this.#kinds & kind.beyondAscii) === 0
  }

  #plainEnd(bytes: Buffer, start: number): number {
    let seen = this.#kinds
    let at = start
    for (; at < bytes.length; at++) {
      const found = kinds[bytes[at] ?? 0] ?? 0
      if (found === 0) break
      seen |= found
    }
    this.#kinds = seen
    return at
  }
}

function escapeEnd(bytes: Buffer, at: number): number {
  if (bytes[at] !== sign.backslash) throw notJson()
  const letter = bytes[at + 1]
  if (letter === undefined) return -1
  if (letter !== sign.u) {
    if (!escapable.has(letter)) throw notJson()
    return at + 2
  }
  for (let digit = at + 2; digit < at + 6; digit++) {
    const byte = bytes[digit]
    if (byte === undefined) return -1
    if (!hexadecimal.has(byte)) throw notJson()
  }
  return at + 6
}

/** Behind the number; -1 when it may go on. */
export function numberEnd(bytes: Buffer, start: number): number {
  let end = start
  while (end < bytes.length && numeric[bytes[end] ?? 0] === 1) end++
  if (end - start > numberBytesMax) throw new Unreadable('a number is longer than any that can be judged')
  if (end === bytes.length) return -1
  if (!isNumber(bytes, start, end)) throw notJson()
  return end
}

/** Whether a number is spelled without a point and without an exponent. */
export function isInteger(bytes: Buffer, start: number, end: number): boolean {
  return digitsEnd(bytes, bytes[start] === sign.minus ? start + 1 : start) === end
}

function isNumber(bytes: Buffer, start: number, end: number): boolean {
  let at = bytes[start] === sign.minus ? start + 1 : start
  const whole = digitsEnd(bytes, at)
  if (whole === at || (bytes[at] === sign.zero && whole > at + 1)) return false
  at = whole
  if (bytes[at] === sign.point) {
    const fraction = digitsEnd(bytes, at + 1)
    if (fraction === at + 1) return false
    at = fraction
  }
  if (at < end) {
    // An e: nothing else is left of the characters of numbers that could be valid here.
    if (((bytes[at] ?? 0) | 0x20) !== 0x65) return false
    const signed = bytes[at + 1] === sign.minus || bytes[at + 1] === 0x2b ? at + 2 : at + 1
    const exponent = digitsEnd(bytes, signed)
    if (exponent === signed) return false
    at = exponent
  }
  return at === end
}

function digitsEnd(bytes: Buffer, from: number): number {
  let at = from
  for (let byte = bytes[at] ?? 0; byte >= sign.zero && byte <= sign.nine; byte = bytes[at] ?? 0) at++
  return at
}

const words = new Map([
  [sign.t as number, Buffer.from('true')],
  [sign.f, Buffer.from('false')],
  [sign.n, Buffer.from('null')],
])

/** Behind `true`, `false` or `null`; -1 when it may go on. */
export function wordEnd(bytes: Buffer, start: number): number {
  const word = words.get(bytes[start] ?? 0)
  if (word === undefined) throw notJson()
  for (let at = 0; at < word.length; at++) {
    if (start + at === bytes.length) return -1
    if (bytes[start + at] !== word[at]) throw notJson()
  }
  return start + word.length
}

/** The strings in some bytes. A part of one string is had for much less than a string made of bytes. */
export class Strings {
  readonly #bytes: Buffer
  /** When each byte is a character. */
  #ascii: string | null | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** What the string means whose quotes begin at `start` and end at `end`. */
  meaning(start: number, end: number, escaped: boolean): string {
    return escaped ? (JSON.parse(this.spelling(start, end)) as string) : this.spelling(start + 1, end - 1)
  }

  spelling(start: number, end: number): string {
    if (this.#ascii === undefined) this.#ascii = isAscii(this.#bytes) ? this.#bytes.toString('latin1') : null
    return this.#ascii === null ? this.#bytes.toString('utf8', start, end) : this.#ascii.slice(start, end)
  }
}

/** Where in the spelling of a string each character of its meaning begins. Asked for in order. */
export class Spelling {
  readonly #bytes: Buffer
  /** Where the first one begins, when each is one byte. */
  readonly #literal: number | null
  #at: number
  #index = 0

  constructor(bytes: Buffer, start: number, literal: boolean) {
    this.#bytes = bytes
    this.#literal = literal ? start + 1 : null
    this.#at = start + 1
  }

  of(index: number): number {
    if (this.#literal !== null) return this.#literal + index
    while (this.#index < index) {
      const byte = this.#bytes[this.#at] ?? 0
      if (byte === sign.backslash) this.#at += this.#bytes[this.#at + 1] === sign.u ? 6 : 2
      else this.#at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      this.#index += byte >= 0xf0 ? 2 : 1
    }
    return this.#at
  }
}
