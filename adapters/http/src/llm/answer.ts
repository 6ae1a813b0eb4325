import { deltasOf, EventLines, type RawEvent } from '@sluice/masking'
import type { Json } from '@sluice/core'
import { Members } from './members.ts'
import { Told } from './told.ts'

/** Reads an answer beside its way to the caller: nothing is changed, and little of it is kept. Never throws. */
export interface AnswerReader {
  readonly told: Told
  /** Of what the model has said, as far as it can be told apart. */
  readonly textBytes: number
  /** Whether the last that came says that nothing follows: a client may hang up there, and has the whole. */
  readonly over: boolean
  push(bytes: Buffer): void
  end(): void
}

export function answerReader(contentType: string | null): AnswerReader {
  return /^text\/event-stream(?:$|[;\s])/i.test(contentType ?? '') ? new Events() : new Document()
}

class Document implements AnswerReader {
  readonly told = new Told()
  readonly over = false
  readonly #members = new Members(['model', 'usage'])
  textBytes = 0

  push(bytes: Buffer): void {
    this.textBytes += bytes.length
    this.#members.push(bytes)
  }

  end(): void {
    this.told.take(this.#members.found())
  }
}

class Events implements AnswerReader {
  readonly told = new Told()
  readonly #lines = new EventLines()
  textBytes = 0
  over = false
  /** An event was longer than any that can be read. */
  #lost = false

  push(bytes: Buffer): void {
    this.#read(bytes.length, () => this.#lines.push(bytes))
  }

  end(): void {
    this.#read(0, () => {
      const last = this.#lines.end()
      return last === undefined ? [] : [last]
    })
  }

  #read(bytes: number, cut: () => readonly RawEvent[]): void {
    try {
      if (!this.#lost) for (const event of cut()) this.#event(event)
    } catch {
      this.#lost = true
    }
    if (this.#lost) this.textBytes += bytes
  }

  #event({ lines }: RawEvent): void {
    const data = lines.flatMap(({ field, value }) => (field === 'data' ? [value] : [])).join('\n')
    const event = parsed(data)
    this.over = data === '[DONE]'
    if (event === undefined) return
    this.told.take(event)
    const { deltas, closes } = deltasOf(event)
    this.over = closes.includes(everyChannel)
    for (const { text } of deltas) this.textBytes += Buffer.byteLength(text)
  }
}

/** The beginning of all names. */
const everyChannel = ''

function parsed(data: string): Json | undefined {
  try {
    return JSON.parse(data) as Json
  } catch {
    return undefined
  }
}
