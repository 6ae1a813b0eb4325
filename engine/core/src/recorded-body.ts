import { isUtf8 } from 'node:buffer'
import type { AnswerPart } from './recording.ts'

/** A stream as it was recorded, out of pieces that may cut through characters. */
export class RecordedBody {
  #rest: Buffer = Buffer.alloc(0)

  read(piece: Buffer): readonly AnswerPart[] {
    const bytes = Buffer.concat([this.#rest, piece])
    const end = bytes.length - begun(bytes)
    this.#rest = bytes.subarray(end)
    return end === 0 ? [] : [streamed(bytes.subarray(0, end))]
  }

  end(): readonly AnswerPart[] {
    return this.#rest.length === 0 ? [] : [streamed(this.#rest)]
  }
}

/** A piece of a stream. */
export function streamed(bytes: Buffer): AnswerPart & { readonly kind: 'data' } {
  const hex = !isUtf8(bytes)
  return { kind: 'data', text: bytes.toString(hex ? 'hex' : 'utf8'), hex }
}

/** Bytes at the end that begin a character of UTF-8 and do not end it. */
function begun(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
