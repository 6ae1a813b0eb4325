import { isUtf8 } from 'node:buffer'
import { streamed, type AnswerPart, type Json, type Row } from '@sluice/core'
import { valueText } from '@sluice/masking'
import { back } from './messages.ts'
import { fieldsOf } from './row-description.ts'
import { treatmentOf } from './treatments.ts'
import { maskable } from './types.ts'
import { Cursor, headerBytes, parseError, ProtocolViolation } from './wire.ts'

/** A statement with what an answer has said of its columns. */
export interface Prepared {
  readonly name: string
  /** `null`: it was prepared outside of the recording. */
  readonly text: string | null
  /** Of its parameters, as far as its Parse names them. */
  readonly types: readonly number[]
  columns: readonly Column[] | null
}

interface Column {
  readonly name: string
  /** OID. */
  readonly type: number
  readonly binary: boolean
}

/** A larger message is passed over: what is shown is held in memory. */
const messageBytesMax = 4_194_304

/** The answer of one exchange as the caller saw it, out of pieces that may cut through its messages. */
export class RecordedAnswer {
  /** The statement that a description in it is of; none where each statement of a Query describes its own rows. */
  readonly #of: Prepared | undefined
  readonly #formats: readonly number[]
  #rest: Buffer = Buffer.alloc(0)
  #columns: readonly Column[] | null = null
  /** Bytes of a message that is passed over. */
  #skipping = 0
  #broken = false
  #parts: AnswerPart[] = []
  #rows: Row[] = []

  constructor(of: Prepared | undefined, formats: readonly number[]) {
    this.#of = of
    this.#formats = formats
  }

  read(piece: Buffer): readonly AnswerPart[] {
    if (this.#broken) return []
    const skipped = Math.min(this.#skipping, piece.length)
    this.#skipping -= skipped
    const bytes = Buffer.concat([this.#rest, piece.subarray(skipped)])
    try {
      this.#rest = bytes.subarray(this.#messages(bytes))
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#broken = true
      this.#rest = Buffer.alloc(0)
      this.#flush()
      this.#parts.push({ kind: 'undecodable', bytes: bytes.length })
    }
    return this.#taken()
  }

  /** What stands there without its end. */
  end(): readonly AnswerPart[] {
    const cut = this.#rest.length
    return cut === 0 && this.#skipping === 0 ? [] : [{ kind: 'cut', bytes: cut }]
  }

  /** All whole messages; gives where the first one begins that is not. */
  #messages(bytes: Buffer): number {
    let at = 0
    while (bytes.length - at >= headerBytes) {
      const length = bytes.readInt32BE(at + 1)
      if (length < 4 || treatmentOf(bytes[at] ?? 0) === 'refused')
        throw new ProtocolViolation('no message of a server')
      const next = at + 1 + length
      if (length > messageBytesMax) {
        this.#add({ kind: 'too_large', bytes: length })
        this.#skipping = Math.max(0, next - bytes.length)
        at = Math.min(next, bytes.length)
        continue
      }
      if (next > bytes.length) break
      this.#message(bytes.subarray(at, next))
      at = next
    }
    return at
  }

  #message(message: Buffer): void {
    switch (message[0]) {
      case back.rowDescription:
        return this.#describe(message)
      case back.dataRow:
        this.#rows.push(rowOf(message, this.#columns ?? this.#known(), this.#formats))
        return
      case back.commandComplete:
        this.#add({ kind: 'status', text: new Cursor(message, headerBytes).text() })
        if (this.#of === undefined) this.#columns = null
        return
      case back.copyData:
        return this.#add(streamed(message.subarray(headerBytes)))
      case back.errorResponse:
        return this.#add({ kind: 'error', ...told(message) })
      case back.noticeResponse:
        return this.#add({ kind: 'notice', ...told(message) })
      case back.notificationResponse:
        return this.#add({ kind: 'notification', ...notified(message) })
      default:
        // Framing says nothing of data.
        return
    }
  }

  #describe(message: Buffer): void {
    this.#flush()
    this.#columns = columnsOf(message)
    if (this.#of !== undefined) this.#of.columns = this.#columns
  }

  /** What an earlier answer told of the statement, in the formats that were asked for now. */
  #known(): readonly Column[] | null {
    const columns = this.#of?.columns ?? null
    return columns?.map((column, index) => ({ ...column, binary: formatOf(this.#formats, index) })) ?? null
  }

  #add(part: AnswerPart): void {
    this.#flush()
    const last = this.#parts.at(-1)
    if (part.kind === 'data' && last?.kind === 'data' && part.hex === last.hex)
      this.#parts[this.#parts.length - 1] = { ...part, text: last.text + part.text }
    else this.#parts.push(part)
  }

  #flush(): void {
    if (this.#rows.length === 0) return
    const columns = (this.#columns ?? this.#known())?.map(({ name }) => name) ?? null
    this.#parts.push({ kind: 'rows', columns, rows: this.#rows })
    this.#rows = []
  }

  #taken(): readonly AnswerPart[] {
    this.#flush()
    const parts = this.#parts
    this.#parts = []
    return parts
  }
}

function columnsOf(rowDescription: Buffer): readonly Column[] {
  const fields = fieldsOf(new Cursor(rowDescription, headerBytes))
  return fields.map(({ name, type, binary }) => ({ name: name.toString(), type, binary }))
}

function rowOf(message: Buffer, columns: readonly Column[] | null, formats: readonly number[]): Row {
  const cursor = new Cursor(message, headerBytes)
  return Array.from({ length: cursor.uint16() }, (_, index): Json => {
    const length = cursor.int32()
    if (length < 0) return null
    const bytes = cursor.bytes(length)
    const { type, binary } = columns?.[index] ?? { type: 0, binary: formatOf(formats, index) }
    const text = binary ? binaryText(type, bytes) : utf8(bytes)
    return text ?? { type: 'bytes', bytes: bytes.length, hex: bytes.toString('hex') }
  })
}

/** Whether a column comes in binary: no format is text, one is that of all columns. */
function formatOf(formats: readonly number[], index: number): boolean {
  return ((formats.length === 1 ? formats[0] : formats[index]) ?? 0) !== 0
}

function binaryText(type: number, bytes: Buffer): string | null {
  const known = maskable.get(type)
  return known === undefined ? null : valueText(known, bytes)
}

function utf8(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString() : null
}

function notified(message: Buffer): { readonly channel: string; readonly text: string } {
  const cursor = new Cursor(message, headerBytes)
  cursor.int32()
  return { channel: cursor.text(), text: cursor.text() }
}

/** Of an error or a notice: its SQLSTATE, its words, and its detail and hint. */
function told(message: Buffer): {
  readonly code: string
  readonly message: string
  readonly more: readonly string[]
} {
  const fields = parseError(message)
  const more = ['D', 'H'].flatMap((field) => fields.get(field) ?? [])
  return { code: fields.get('C') ?? '', message: fields.get('M') ?? '', more }
}
