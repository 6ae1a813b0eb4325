import { Channels } from './channels.ts'
import { deltasOf } from './deltas.ts'
import { JsonRewriter, parsedJson } from './json.ts'
import { Tail } from './tail.ts'
import type { Rewriter, Treatment } from './treatment.ts'

const newline = 0x0a
/** A longer line tells no piece of a text, and need not be there as a whole to be judged. */
const pieceBytesMax = 64 * 1024

/**
 * A document of JSON in each line; lines may be empty. Texts that a language model tells line by line are masked as one,
 * like those of server-sent events.
 */
export class NdjsonRewriter implements Rewriter {
  readonly #line: JsonRewriter
  readonly #channels: Channels
  /** The beginning of a line that is still short enough. */
  readonly #tail = new Tail()
  /** The line has begun to be read as it comes. */
  #long = false

  constructor(treatment: Treatment) {
    this.#line = new JsonRewriter(treatment)
    this.#channels = new Channels(treatment)
  }

  push(piece: Buffer): Buffer {
    const shown: Buffer[] = []
    let at = 0
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, at)) {
      shown.push(this.#ended(piece.subarray(at, end)), piece.subarray(end, end + 1))
      at = end + 1
    }
    shown.push(this.#begun(piece.subarray(at)))
    return Buffer.concat(shown)
  }

  end(): Buffer {
    const last = this.#ended(nothing)
    const rest = this.#channels.end().map(({ data }) => `${data}\n`)
    const apart = rest.length > 0 && last.length > 0 ? '\n' : ''
    return Buffer.concat([last, Buffer.from(apart + rest.join(''))])
  }

  #begun(bytes: Buffer): Buffer {
    if (this.#long) return this.#line.push(bytes)
    const line = this.#tail.with(bytes)
    this.#long = line.length > pieceBytesMax
    this.#tail.keep(line, this.#long ? line.length : 0)
    return this.#long ? this.#line.push(line) : nothing
  }

  #ended(bytes: Buffer): Buffer {
    if (this.#long) {
      this.#long = false
      return Buffer.concat([this.#line.push(bytes), this.#line.end()])
    }
    const line = this.#tail.with(bytes)
    this.#tail.keep(line, line.length)
    return this.#told(line) ?? Buffer.concat([this.#line.push(line), this.#line.end()])
  }

  /** With what must come before it; `undefined` where it tells no piece of a text. */
  #told(line: Buffer): Buffer | undefined {
    if (line.length > pieceBytesMax) return undefined
    const text = line.toString()
    const event = parsedJson(text)
    const spoken = deltasOf(event)
    if (spoken.deltas.length === 0 && spoken.closes.length === 0) return undefined
    const { before, data } = this.#channels.tell(undefined, text, event, spoken, false)
    return Buffer.from([...before.map((each) => each.data), data].join('\n'))
  }
}

const nothing = Buffer.alloc(0)
