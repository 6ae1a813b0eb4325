import type { Message } from './message.ts'

/** What a server told its client: the messages, the very bytes, and whether it hung up. */
export class Transcript {
  readonly messages: readonly Message[]
  readonly bytes: Buffer
  readonly closed: boolean

  constructor(messages: readonly Message[], bytes: Buffer, closed: boolean) {
    this.messages = messages
    this.bytes = bytes
    this.closed = closed
  }

  /** The letters in order, e.g. `TDDCZ`. */
  get types(): string {
    return this.messages.map(({ type }) => type).join('')
  }

  get errors(): readonly ServerText[] {
    return this.#of('E').map(serverText)
  }

  get notices(): readonly ServerText[] {
    return this.#of('N').map(serverText)
  }

  /** Cells as text; binary ones as they come. */
  get rows(): readonly (readonly (string | null)[])[] {
    return this.#of('D').map((body) => cells(body).map((cell) => cell?.toString('latin1') ?? null))
  }

  get columns(): readonly Column[] {
    return this.#of('T').flatMap(columnsOf)
  }

  get tags(): readonly string[] {
    return this.#of('C').map((body) => body.subarray(0, -1).toString())
  }

  /** Of the transaction, as the last ReadyForQuery says: `I`, `T` or `E`. */
  get status(): string | undefined {
    return this.#of('Z').at(-1)?.toString('latin1')
  }

  /** Everything that a COPY sent. */
  get copied(): Buffer {
    return Buffer.concat(this.#of('d'))
  }

  /** Payload and texts for a person or a pattern. */
  get text(): string {
    const rows = this.rows.map((row) => row.map((cell) => cell ?? 'NULL').join('\t'))
    const said = [...this.errors, ...this.notices].map(({ severity, code, message, rest }) =>
      [severity, code, message, rest].join(' '),
    )
    const parameters = this.#of('S').map((body) => body.toString('latin1').replace('\0', '='))
    const raw = [this.copied, ...this.#of('V'), ...this.#of('A')].map((bytes) => bytes.toString('latin1'))
    return [...rows, ...raw, ...said, ...this.tags, ...parameters].join('\n').replaceAll('\0', '')
  }

  #of(type: string): readonly Buffer[] {
    return this.messages.filter((message) => message.type === type).map(({ body }) => body)
  }
}

/** Fields of an ErrorResponse or NoticeResponse. */
export interface ServerText {
  readonly severity: string
  readonly code: string
  readonly message: string
  /** The place in the statement, in characters from 1; 0 for none. */
  readonly position: number
  /** Detail, hint, context and whatever else there is. */
  readonly rest: string
}

export interface Column {
  readonly name: string
  readonly table: number
  readonly attribute: number
  readonly type: number
  readonly format: number
}

function serverText(body: Buffer): ServerText {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  const rest = [...fields].filter(([letter]) => !'SVCMP'.includes(letter)).map(([, text]) => text)
  return {
    severity: fields.get('V') ?? '',
    code: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
    position: Number(fields.get('P') ?? 0),
    rest: rest.join(' '),
  }
}

function cells(body: Buffer): readonly (Buffer | null)[] {
  let at = 2
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    return body.subarray(at - length, at)
  })
}

function columnsOf(body: Buffer): readonly Column[] {
  let at = 2
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const end = body.indexOf(0, at)
    const name = body.subarray(at, end).toString()
    const column = {
      name,
      table: body.readUInt32BE(end + 1),
      attribute: body.readInt16BE(end + 5),
      type: body.readUInt32BE(end + 7),
      format: body.readInt16BE(end + 17),
    }
    at = end + 19
    return column
  })
}
