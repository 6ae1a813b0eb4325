import { pipeline, Readable, type Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { Unreadable } from './unreadable.ts'

/** A content coding of HTTP (RFC 9110 §8.4). */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

const codings: ReadonlyMap<string, Coding> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
])

/** On top of each other. */
const codingsMax = 2

/** Of a `Content-Encoding`, in the order in which they were applied. Throws `Unreadable`. */
export function codingsOf(header: string | null): readonly Coding[] {
  const names = (header ?? '').split(',').map((name) => name.trim().toLowerCase())
  const found = names.flatMap((name) => {
    if (name === '' || name === 'identity') return []
    const coding = codings.get(name)
    if (coding === undefined) throw new Unreadable('the content is coded in a way that is not known')
    return [coding]
  })
  if (found.length > codingsMax) throw new Unreadable(`the content is coded more than ${codingsMax} times`)
  return found
}

/** What content may become when it is decoded. */
export interface CodingLimits {
  readonly bytesMax: number
  /** Bytes for each byte that came. */
  readonly ratioMax: number
}

export type Decoder = (content: AsyncIterable<Buffer>) => AsyncIterable<Buffer>

/** Small content may be smaller than any ratio says. */
const ratioFreeBytes = 64 * 1024

/** A window of more than 8 MiB is for files (RFC 9659). */
const zstdWindowLogMax = 23

/** Content that is damaged, cut off, followed by something else or larger than it may be ends in `Unreadable`. */
export function decoder(coding: Coding, limits: CodingLimits): Decoder {
  return async function* decoded(content) {
    const source = new Source(content)
    const head = await source.head()
    if (head.length === 0) return
    const transform = decompressor(coding, head)
    let bytes = 0
    try {
      for await (const piece of through(source.from(head), transform)) {
        bytes += piece.length
        if (bytes > limits.bytesMax || bytes > limits.ratioMax * source.bytes + ratioFreeBytes)
          throw new Unreadable('the content is much larger than it seems')
        yield piece
      }
    } catch (error) {
      if (source.failed || error instanceof Unreadable) throw error
      throw new Unreadable(`the content is no valid ${coding}`, error)
    }
    if (!isNothing(coding, source.last(source.bytes - transform.bytesWritten)))
      throw new Unreadable('something follows what is coded')
  }
}

/** Node ends what it has flushed with a frame of zstd in which there is nothing, and reads no second one. */
function isNothing(coding: Coding, bytes: Buffer | undefined): boolean {
  if (bytes?.length === 0) return true
  return coding === 'zstd' && bytes?.equals(emptyFrame) === true
}

const emptyFrame = Buffer.from('28b52ffd2000010000', 'hex')

type Compression = Transform & { readonly bytesWritten: number }

function decompressor(coding: Coding, head: Buffer): Compression {
  switch (coding) {
    case 'gzip':
      return createGunzip()
    case 'deflate':
      return isZlib(head) ? createInflate() : createInflateRaw()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } })
  }
}

/** Its name means what zlib wraps (RFC 1950), but many servers send what is in it. */
function isZlib(head: Buffer): boolean {
  const [method = 0] = head
  return (method & 0x0f) === 8 && head.length > 1 && head.readUInt16BE(0) % 31 === 0
}

async function* through(content: AsyncIterable<Buffer>, transform: Transform): AsyncIterable<Buffer> {
  // What goes wrong on either side ends the iteration below.
  pipeline(Readable.from(content), transform, () => undefined)
  try {
    for await (const piece of transform) yield piece as Buffer
  } finally {
    transform.destroy()
  }
}

/** What comes in, counted. */
class Source {
  readonly #pieces: AsyncIterator<Buffer>
  bytes = 0
  #last: Buffer = Buffer.alloc(0)
  /** What went wrong is not the coding. */
  failed = false

  constructor(content: AsyncIterable<Buffer>) {
    this.#pieces = content[Symbol.asyncIterator]()
  }

  /** Enough to know what it is. */
  async head(): Promise<Buffer> {
    let head: Buffer = Buffer.alloc(0)
    while (head.length < 2) {
      const piece = await this.#next()
      if (piece === undefined) break
      head = Buffer.concat([head, piece])
    }
    return head
  }

  async *from(head: Buffer): AsyncIterable<Buffer> {
    try {
      for (let piece: Buffer | undefined = head; piece !== undefined; piece = await this.#next()) yield piece
    } finally {
      await this.#pieces.return?.()
    }
  }

  /** `undefined` when they are more than an empty frame has. */
  last(bytes: number): Buffer | undefined {
    return bytes > this.#last.length ? undefined : this.#last.subarray(this.#last.length - bytes)
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#pieces.next()
      if (done === true) return undefined
      this.bytes += value.length
      this.#last = Buffer.concat([this.#last, value.subarray(-emptyFrame.length)]).subarray(
        -emptyFrame.length,
      )
      return value
    } catch (error) {
      this.failed = true
      throw error
    }
  }
}
