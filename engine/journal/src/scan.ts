import type { Disk } from './disk.ts'
import { frameHeaderBytes, frameLength, frameMagic, readFrameHeader, type FrameHeader } from './frame.ts'

export type Scanned =
  /** `frame` is valid until the next step. */
  | { readonly kind: 'frame'; readonly at: number; readonly header: FrameHeader; readonly frame: Buffer }
  /** Zeros, or nothing, where the next frame would begin. */
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'broken'; readonly at: number; readonly what: string }

const windowBytes = 262_144

/** The frames of a segment from an offset on, in memory that does not grow with it. Ends with another kind. */
export async function* scan(
  disk: Pick<Disk, 'read'>,
  name: string,
  from: number,
  until: number = Infinity,
): AsyncGenerator<Scanned> {
  const window = new Window(disk, name, Math.min(windowBytes, Math.max(frameHeaderBytes, until - from)))
  for (let at = from; ;) {
    if (at >= until) return yield { kind: 'end', at }
    const start = await window.at(at, frameHeaderBytes)
    if (start.every((byte) => byte === 0)) return yield { kind: 'end', at }
    const length = frameLength(start)
    if (length === null) return yield { kind: 'broken', at, what: 'no frame begins here' }
    const frame = await window.at(at, length)
    if (frame.length < length) return yield { kind: 'broken', at, what: 'a frame is longer than its segment' }
    const header = readFrameHeader(frame)
    if (header === null)
      return yield { kind: 'broken', at, what: 'the checksum of a frame does not fit its bytes' }
    yield { kind: 'frame', at, header, frame }
    at += length
  }
}

/** Where the next whole frame begins at or after an offset, however its place was reached; `null`: nowhere. */
export async function findFrame(
  disk: Pick<Disk, 'read'>,
  name: string,
  from: number,
): Promise<number | null> {
  const window = new Window(disk, name, windowBytes)
  for (let at = from; ;) {
    const bytes = await window.at(at, windowBytes)
    if (bytes.length < frameHeaderBytes) return null
    const found = bytes.indexOf(frameMagic)
    if (found < 0) at += bytes.length - frameMagic.length + 1
    else {
      at += found
      const length = frameLength(await window.at(at, frameHeaderBytes))
      const frame = length === null ? null : await window.at(at, length)
      if (frame !== null && frame.length === length && readFrameHeader(frame) !== null) return at
      at += 1
    }
  }
}

/** The end of what is not zero at or after an offset, or that offset. */
export async function endOfBytes(disk: Pick<Disk, 'read'>, name: string, from: number): Promise<number> {
  const bytes = Buffer.alloc(windowBytes)
  let end = from
  for (let at = from; ;) {
    const read = await disk.read(name, at, bytes)
    if (read === 0) return end
    const last = bytes.subarray(0, read).findLastIndex((byte) => byte !== 0)
    if (last >= 0) end = at + last + 1
    at += read
  }
}

/** A part of a file in memory, moved forward; larger only while a frame needs it. */
class Window {
  readonly #disk: Pick<Disk, 'read'>
  readonly #name: string
  #bytes: Buffer
  #from = 0
  #filled = 0

  constructor(disk: Pick<Disk, 'read'>, name: string, bytes: number) {
    this.#disk = disk
    this.#name = name
    this.#bytes = Buffer.alloc(bytes)
  }

  /** The bytes at an offset; fewer than asked for only at the end of the file. Valid until the next call. */
  async at(at: number, bytes: number): Promise<Buffer> {
    if (at < this.#from || at + bytes > this.#from + this.#filled) await this.#fill(at, bytes)
    const start = at - this.#from
    return this.#bytes.subarray(start, Math.min(start + bytes, this.#filled))
  }

  async #fill(at: number, bytes: number): Promise<void> {
    const kept = at < this.#from ? 0 : Math.max(0, this.#from + this.#filled - at)
    this.#bytes.copy(this.#bytes, 0, this.#filled - kept, this.#filled)
    this.#from = at
    this.#filled = kept
    while (this.#filled < bytes) {
      // A length that is only claimed must not make the window grow: bytes come before room for more.
      if (this.#filled === this.#bytes.length)
        this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length)
      const read = await this.#disk.read(this.#name, at + this.#filled, this.#bytes.subarray(this.#filled))
      if (read === 0) return
      this.#filled += read
    }
  }
}
