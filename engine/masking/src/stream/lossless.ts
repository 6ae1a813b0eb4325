import { isUtf8 } from 'node:buffer'

/** A byte that is no part of UTF-8 stands as the half of a character that no text has alone, and so comes back as it was. */
const strayFirst = 0xdc00
const maybeStray = /[\udc80-\udcff]/

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
  if (!maybeStray.test(text)) return Buffer.from(text)
  const bytes = Buffer.allocUnsafe(unitBytesMax * text.length)
  let count = 0
  for (let at = 0; at < text.length;) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) {
      bytes[count++] = unit
      at++
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      bytes[count++] = unit - strayFirst
      at++
    } else {
      const next = text.charCodeAt(at + 1)
      const isPair = (unit & 0xfc00) === 0xd800 && (next & 0xfc00) === 0xdc00
      const code = isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff) : unit
      count = writeCharacter(bytes, count, code)
      at += isPair ? 2 : 1
    }
  }
  return bytes.subarray(0, count)
}

/** Of UTF-8, for each unit of UTF-16. */
const unitBytesMax = 3

/** As UTF-8, from 0x80 on. Answers with where it ends. */
function writeCharacter(bytes: Buffer, at: number, code: number): number {
  // Half a character is written as none.
  if (code >= 0xd800 && code < 0xe000) code = 0xfffd
  if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6)
  else {
    if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12)
    else {
      bytes[at++] = 0xf0 | (code >> 18)
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f)
    }
    bytes[at++] = 0x80 | ((code >> 6) & 0x3f)
  }
  bytes[at++] = 0x80 | (code & 0x3f)
  return at
}

function decoded(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  const units = new Uint16Array(bytes.length)
  let count = 0
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] ?? 0
    if (first < 0x80) {
      units[count++] = first
      at++
      continue
    }
    const length = sequenceAt(bytes, at)
    const code = codeAt(bytes, at, length)
    if (code > 0xffff) {
      units[count++] = 0xd7c0 + (code >> 10)
      units[count++] = 0xdc00 + (code & 0x3ff)
    } else units[count++] = code
    at += Math.max(1, length)
  }
  return Buffer.from(units.buffer, 0, 2 * count).toString('utf16le')
}

/** The character of so many bytes that stands there; of none the byte for itself. */
function codeAt(bytes: Buffer, at: number, length: number): number {
  const first = bytes[at] ?? 0
  if (length === 0) return strayFirst + first
  if (length === 1) return first
  let code = first & (0xff >> (length + 1))
  for (let next = at + 1; next < at + length; next++) code = (code << 6) | ((bytes[next] ?? 0) & 0x3f)
  return code
}

/** Bytes of the well-formed character that begins there (Unicode, table 3-7); 0: none does. */
function sequenceAt(bytes: Buffer, at: number): number {
  const [first = 0, second = 0] = [bytes[at], bytes[at + 1]]
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < least || second > most) return 0
  for (let next = at + 2; next < at + length; next++) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0
  return length
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
