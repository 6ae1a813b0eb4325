const ones = 0x01010101
const highs = 0x80808080

/** Finds the first of up to four signs of ASCII, looking at four bytes at once. */
export class Signs {
  readonly #signs: readonly number[]
  /** Each of them in all four bytes of a word. */
  readonly #first: number
  readonly #second: number
  readonly #third: number
  readonly #fourth: number
  #bytes: Buffer = Buffer.alloc(0)
  #words: DataView = new DataView(this.#bytes.buffer)

  constructor(...signs: readonly [number, ...number[]]) {
    const [first, second = first, third = first, fourth = first] = signs
    this.#signs = signs
    this.#first = Math.imul(first, ones)
    this.#second = Math.imul(second, ones)
    this.#third = Math.imul(third, ones)
    this.#fourth = Math.imul(fourth, ones)
  }

  /** Where it stands in `bytes[from, to)`; `to` or more when none does. */
  find(bytes: Buffer, from: number, to: number): number {
    if (bytes !== this.#bytes) this.#view(bytes)
    const words = this.#words
    const first = this.#first
    const second = this.#second
    const third = this.#third
    const fourth = this.#fourth
    let at = from
    for (; at + 4 <= to; at += 4) {
      const word = words.getInt32(at, true)
      const found =
        (zeroIn(word ^ first) | zeroIn(word ^ second) | zeroIn(word ^ third) | zeroIn(word ^ fourth)) & highs
      if (found !== 0) return at + (lowestBit(found) >> 3)
    }
    while (at < to && !this.#isSign(bytes[at])) at++
    return at
  }

  #view(bytes: Buffer): void {
    this.#bytes = bytes
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  #isSign(byte: number | undefined): boolean {
    return byte !== undefined && this.#signs.includes(byte)
  }
}

/** Of the high bits, that of the lowest byte that is 0 is set, and perhaps some above it; none where no byte is 0. */
function zeroIn(word: number): number {
  return (word - ones) & ~word
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}
