import { isUtf8 } from 'node:buffer'

/** A byte that is no part of UTF-8 stands as the half of a character that no text has alone, and so comes back as it was. */
const strayFirst = 0xdc00
const stray = /(?<![\ud800-\udbff])[\udc80-\udcff]+/g

/** Any bytes as a text, and back: what of them is UTF-8 as its characters, every other byte for itself. */
export class LosslessDecoder {
  #rest: Buffer = Buffer.alloc(0)

  write(piece: Buffer): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const whole = bytes.length - unfinished(bytes)
    this.#rest = Buffer.from(bytes.subarray(whole))
    return decoded(bytes.subarray(0, whole))
  }

  end(): string {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return decoded(rest)
  }
}

export function encoded(text: string): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const { 0: strays, index } of text.matchAll(stray)) {
    pieces.push(Buffer.from(text.slice(at, index)), Buffer.from(strays, 'latin1'))
    at = index + strays.length
  }
  if (at === 0) return Buffer.from(text)
  return Buffer.concat([...pieces, Buffer.from(text.slice(at))])
}

function decoded(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceAt(bytes, at)
    text +=
      length === 0
        ? String.fromCharCode(strayFirst + (bytes[at] ?? 0))
        : bytes.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return text
}

/** Bytes of the well-formed character that begins there; 0: none does. */
function sequenceAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  return first >= 0xc0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

/** Bytes at the end with which a character may have begun. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
