import type { Alphabet } from './alphabet.ts'
import type { ValueMask } from './value-mask.ts'

/** One way to read characters as the bytes of a text in UTF-8, followed for as long as it is one. */
export class TextReading {
  /** How many characters were read. */
  chars = 0
  /** Where what is not decided yet begins. */
  from: number
  /** Behind the last character of the text that is whole. */
  textEnd: number
  /** Behind the first block of what is not decided, once it has ended. */
  blockEnd: number | undefined
  /** That block is to be hidden, since the one before it and it hold a value. */
  marked: ValueMask | undefined
  readonly #bitsEach: number
  #bits = 0
  #held = 0
  /** Bytes that the character still has. */
  #following = 0

  constructor({ bitsEach }: Alphabet, from: number) {
    this.#bitsEach = bitsEach
    this.from = from
    this.textEnd = from
  }

  /** Whether whole groups were read, and whole characters: what comes next is read as from a new beginning. */
  isAnew(group: number): boolean {
    return this.chars % group === 0 && this.#following === 0
  }

  /** Whether it may be a text with this character, too, behind which `end` is. */
  take(value: number, end: number): boolean {
    this.chars++
    this.#held = ((this.#held << this.#bitsEach) | value) & 0x3fff
    this.#bits += this.#bitsEach
    if (this.#bits < 8) return true
    this.#bits -= 8
    const byte = (this.#held >> this.#bits) & 0xff
    this.#following = followingBytes(byte, this.#following)
    if (this.#following < 0) return false
    if (this.#following === 0) this.textEnd = end
    return true
  }
}

/** How many bytes a character of UTF-8 still has behind this one, where so many were expected with it; -1: it is no part of a text. */
export function followingBytes(byte: number, expected: number): number {
  if (byte >= 0x80 && byte < 0xc0) return expected - 1
  if (expected > 0 || byte === 0x7f) return -1
  if (byte < 0x80) return byte >= 0x20 || isOfTexts(byte) ? 0 : -1
  if (byte < 0xc2 || byte > 0xf4) return -1
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
}

/** Controls that move and colour: what terminals and printers are sent. */
function isOfTexts(control: number): boolean {
  return (control >= 0x07 && control <= 0x0d) || control === 0x1b
}
