import { isUtf8 } from 'node:buffer'
import { RecordedBody, streamed, type AnswerPart, type Recording, type RequestPart } from '@sluice/core'

/** Reads what was recorded of a session over HTTP: each exchange stands for itself. */
export class HttpRecording implements Recording {
  readonly #answers = new Map<string, RecordedAnswer>()

  request(exchange: string, content: Uint8Array): readonly RequestPart[] {
    this.#answers.set(exchange, new RecordedAnswer())
    return [{ text: textOf(content)?.replaceAll('\r\n', '\n') ?? null, parameters: [] }]
  }

  body(_exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return [streamed(Buffer.from(content))]
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
  readonly #body = new RecordedBody()

  read(content: Uint8Array): readonly AnswerPart[] {
    if (this.#head === undefined) return this.#body.read(Buffer.from(content))
    const head = Buffer.concat([this.#head, content])
    const end = head.indexOf(headEnd)
    if (end < 0 && head.length > headBytesMax) return this.#undecodable(head)
    this.#head = end < 0 ? head : undefined
    if (end < 0) return []
    const status = head.toString('utf8', 0, end).replaceAll('\r\n', '; ')
    return [{ kind: 'status', text: status }, ...this.#body.read(head.subarray(end + headEnd.length))]
  }

  end(): readonly AnswerPart[] {
    const cut = this.#head?.length ?? 0
    return cut === 0 ? this.#body.end() : [{ kind: 'cut', bytes: cut }]
  }

  #undecodable(head: Buffer): readonly AnswerPart[] {
    this.#head = undefined
    return [{ kind: 'undecodable', bytes: head.length }]
  }
}

function textOf(content: Uint8Array): string | undefined {
  const bytes = Buffer.from(content)
  return isUtf8(bytes) ? bytes.toString() : undefined
}
