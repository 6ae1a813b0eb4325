import { written } from './arrays.ts'
import { Undecodable } from './data-type.ts'

const name = 'array'
const dimensionsMax = 6

/** An array in binary as the server would write it as a text. Throws `Undecodable`. */
export function arrayText(bytes: Buffer, text: (element: Buffer) => string): string {
  if (bytes.length < 12) throw new Undecodable(name)
  const count = bytes.readInt32BE(0)
  const start = 12 + 8 * count
  if (count < 0 || count > dimensionsMax || bytes.length < start) throw new Undecodable(name)
  if (count === 0) return '{}'
  const sizes = Array.from({ length: count }, (_, index) => bytes.readUInt32BE(12 + 8 * index))
  // No server sends a dimension without elements; a size must not make anybody count for ever.
  if (sizes.includes(0)) throw new Undecodable(name)
  const lower = sizes.map((_, index) => bytes.readInt32BE(16 + 8 * index))
  const elements = new Elements(bytes, start, text)
  const braces = elements.braces(sizes)
  if (!elements.ended) throw new Undecodable(name)
  if (lower.every((bound) => bound === 1)) return braces
  const bounds = sizes.map((size, index) => {
    const first = lower[index] ?? 1
    return `[${first}:${first + size - 1}]`
  })
  return `${bounds.join('')}=${braces}`
}

class Elements {
  readonly #bytes: Buffer
  readonly #text: (element: Buffer) => string
  #at: number

  constructor(bytes: Buffer, at: number, text: (element: Buffer) => string) {
    this.#bytes = bytes
    this.#at = at
    this.#text = text
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length
  }

  braces([size = 0, ...inner]: readonly number[]): string {
    const parts: string[] = []
    for (let index = 0; index < size; index++)
      parts.push(inner.length === 0 ? this.#next() : this.braces(inner))
    return `{${parts.join(',')}}`
  }

  #next(): string {
    if (this.#at + 4 > this.#bytes.length) throw new Undecodable(name)
    const length = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    if (length < 0) return 'NULL'
    if (this.#at + length > this.#bytes.length) throw new Undecodable(name)
    const element = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return written(Buffer.from(this.#text(element)))
  }
}
