import { isUtf8 } from 'node:buffer'
import { Unreadable } from './unreadable.ts'

/** Whether what comes in pieces is UTF-8, which may be cut within a character. */
export class Utf8Check {
  #begun: Buffer = Buffer.alloc(0)

  push(piece: Buffer): void {
    const bytes = this.#begun.length === 0 ? piece : Buffer.concat([this.#begun, piece])
    const whole = wholeCharacters(bytes)
    if (!isUtf8(whole === bytes.length ? bytes : bytes.subarray(0, whole))) throw wrong()
    this.#begun = whole === bytes.length ? none : Buffer.from(bytes.subarray(whole))
  }

  end(): void {
    if (this.#begun.length > 0) throw wrong()
  }
}

const none = Buffer.alloc(0)

function wrong(): Unreadable {
  return new Unreadable('the content is no valid UTF-8')
}

/** Where the last character begins, when there are fewer bytes of it than its first one says. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
