import { isUtf8 } from 'node:buffer'
import type { AnswerPart, Recording, RequestPart } from '@sluice/core'

/** Reads what was recorded of a session over HTTP: each exchange stands for itself. */
export class HttpRecording implements Recording {
  readonly #answers = new Map<string, RecordedAnswer>()

  request(exchange: string, content: Uint8Array): readonly RequestPart[] {
    this.#answers.set(exchange, new RecordedAnswer())
    return [{ text: textOf(content)?.replaceAll('\r\n', '\n') ?? null, parameters: [] }]
  }

  body(_exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return [dataOf(content)]
  }

  answer(exchange: string, content: Uint8Array): readonly AnswerPart[] {
    const answer = this.#answers.get(exchange) ?? new RecordedAnswer()
    this.#answers.set(exchange, answer)
    return answer.read(content)
  }

  end(exchange: string): readonly AnswerPart[] {
    const answer = this.#answers.get(exchange)
    this.#answers.delete(exchange)
    return answer?.end() ?? []
  }
}

const headEnd = Buffer.from('\r\n\r\n')
const headBytesMax = 131_072

/** The head as a status, then the body as it came. Pieces may cut through anything. */
class RecordedAnswer {
  #head: Buffer | undefined = Buffer.alloc(0)
  /** The beginning of a character whose rest is in the next piece. */
  #begun: Buffer = Buffer.alloc(0)

  read(content: Uint8Array): readonly AnswerPart[] {
    if (this.#head === undefined) return this.#body(content)
    const head = Buffer.concat([this.#head, content])
    const end = head.indexOf(headEnd)
    if (end < 0 && head.length > headBytesMax) return this.#undecodable(head)
    this.#head = end < 0 ? head : undefined
    if (end < 0) return []
    const status = head.toString('utf8', 0, end).replaceAll('\r\n', '; ')
    return [{ kind: 'status', text: status }, ...this.#body(head.subarray(end + headEnd.length))]
  }

  end(): readonly AnswerPart[] {
    const rest = Buffer.concat([this.#head ?? Buffer.alloc(0), this.#begun])
    return rest.length === 0 ? [] : [{ kind: 'cut', bytes: rest.length }]
  }

  #body(content: Uint8Array): readonly AnswerPart[] {
    const bytes = Buffer.concat([this.#begun, content])
    const whole = bytes.length - begun(bytes)
    this.#begun = bytes.subarray(whole)
    return whole === 0 ? [] : [dataOf(bytes.subarray(0, whole))]
  }

  #undecodable(head: Buffer): readonly AnswerPart[] {
    this.#head = undefined
    return [{ kind: 'undecodable', bytes: head.length }]
  }
}

/** Bytes at the end that begin a character of UTF-8 which is not whole. */
function begun(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function textOf(content: Uint8Array): string | undefined {
  const bytes = Buffer.from(content)
  return isUtf8(bytes) ? bytes.toString() : undefined
}

function dataOf(content: Uint8Array): AnswerPart {
  const text = textOf(content)
  return text === undefined
    ? { kind: 'data', text: Buffer.from(content).toString('hex'), hex: true }
    : { kind: 'data', text, hex: false }
}
