import { RecordedBody, type AnswerPart, type Json, type Recording, type RequestPart } from '@sluice/core'
import { front } from './messages.ts'
import { describedTypes, wholeValues } from './parameters.ts'
import { RecordedAnswer, type Prepared } from './recorded-answer.ts'
import { Cursor, headerBytes, ProtocolViolation } from './wire.ts'

interface Portal {
  readonly prepared: Prepared
  readonly parameters: readonly Json[]
  /** Of the columns of its answer: none, one for all, or one for each. */
  readonly formats: readonly number[]
}

/** What a request leaves behind: how to read its answer, and how to take back the names that it gave. */
interface Open {
  readonly answer: RecordedAnswer
  readonly body: RecordedBody
  readonly takeBack: readonly (() => void)[]
}

/**
 * Reads what was recorded of one connection. A Bind says only which statement it executes, and an answer may come
 * without a description of its columns: both are found in the exchanges before it.
 */
export class PostgresRecording implements Recording {
  readonly #statements = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()
  readonly #open = new Map<string, Open>()

  request(exchange: string, content: Uint8Array): readonly RequestPart[] {
    const reading = new Reading(this.#statements, this.#portals)
    const parts = reading.all(bufferOf(content))
    const { of, formats, takeBack } = reading
    this.#open.set(exchange, { answer: new RecordedAnswer(of, formats), body: new RecordedBody(), takeBack })
    return parts
  }

  body(exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return this.#of(exchange).body.read(bufferOf(content))
  }

  answer(exchange: string, content: Uint8Array): readonly AnswerPart[] {
    return this.#of(exchange).answer.read(bufferOf(content))
  }

  end(exchange: string, performed: boolean): readonly AnswerPart[] {
    const open = this.#open.get(exchange)
    this.#open.delete(exchange)
    if (open === undefined) return []
    if (!performed) for (const takeBack of open.takeBack) takeBack()
    return [...open.body.end(), ...open.answer.end()]
  }

  /** One whose request cannot be read any more has an answer all the same. */
  #of(exchange: string): Open {
    const open = this.#open.get(exchange) ?? {
      answer: new RecordedAnswer(undefined, []),
      body: new RecordedBody(),
      takeBack: [],
    }
    this.#open.set(exchange, open)
    return open
  }
}

function bufferOf(content: Uint8Array): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.length)
}

/** SQL that gives names of its own to statements, or takes them away: what is known of them may be another's. */
const renames = /\b(?:prepare|deallocate|discard)\b/i

/** One request, message by message. */
class Reading {
  /** The statement of which its answer is; none where each statement of a Query describes its own rows. */
  of: Prepared | undefined
  formats: readonly number[] = []
  readonly takeBack: (() => void)[] = []
  readonly #statements: Map<string, Prepared>
  readonly #portals: Map<string, Portal>
  readonly #parts: RequestPart[] = []

  constructor(statements: Map<string, Prepared>, portals: Map<string, Portal>) {
    this.#statements = statements
    this.#portals = portals
  }

  /** A request that was refused because it breaks the protocol is shown as far as it can be read. */
  all(content: Buffer): readonly RequestPart[] {
    try {
      for (let at = 0; at < content.length;) {
        const next = at + 1 + new Cursor(content, at + 1).int32()
        if (next < at + headerBytes) throw new ProtocolViolation('a message is shorter than its header')
        this.#message(content[at] ?? 0, new Cursor(content, at + headerBytes, next))
        at = next
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#parts.push({ text: null, parameters: [opaque(content)] })
    }
    return this.#parts
  }

  #message(type: number, cursor: Cursor): void {
    switch (type) {
      case front.query:
        return this.#query(cursor.terminated().toString())
      case front.parse:
        return this.#parse(cursor.name(), cursor)
      case front.bind:
        return this.#bind(cursor.name(), cursor.name(), cursor)
      case front.describe:
        return this.#describe(cursor.int8(), cursor.name())
      case front.execute:
        return this.#execute(cursor.name())
      default:
        this.#parts.push({ text: null, parameters: [] })
    }
  }

  #query(text: string): void {
    if (renames.test(text)) this.#statements.clear()
    // The server drops the unnamed ones.
    this.#statements.delete('')
    this.#portals.delete('')
    this.#parts.push({ text, parameters: [] })
  }

  #parse(name: string, cursor: Cursor): void {
    const text = cursor.terminated().toString()
    if (renames.test(text)) this.#statements.clear()
    const prepared: Prepared = { name, text, types: describedTypes(cursor), columns: null }
    const before = name === '' ? undefined : this.#statements.get(name)
    this.#statements.set(name, prepared)
    this.takeBack.push(() => {
      if (this.#statements.get(name) !== prepared) return
      if (before === undefined) this.#statements.delete(name)
      else this.#statements.set(name, before)
    })
    this.#show(prepared, [])
  }

  #bind(name: string, statement: string, cursor: Cursor): void {
    const prepared = this.#prepared(statement)
    const start = cursor.at
    skipValues(cursor)
    const parameters = wholeValues(cursor.since(start), prepared.types)
    const formats = Array.from({ length: cursor.uint16() }, () => cursor.int16())
    const portal = { prepared, parameters, formats }
    this.#portals.set(name, portal)
    this.takeBack.push(() => {
      if (this.#portals.get(name) === portal) this.#portals.delete(name)
    })
    this.formats = formats
    this.of = prepared
    this.#show(prepared, parameters)
  }

  #describe(sign: number, name: string): void {
    if (sign === portalSign) return this.#execute(name)
    const prepared = this.#prepared(name)
    this.of = prepared
    if (this.#parts.length === 0) this.#show(prepared, [])
  }

  /** What was bound in the same request is shown already. */
  #execute(name: string): void {
    if (this.#parts.length > 0) return
    const { prepared, parameters, formats } = this.#portals.get(name) ?? unknownPortal
    this.of = prepared
    this.formats = formats
    this.#show(prepared, parameters)
  }

  #prepared(name: string): Prepared {
    return this.#statements.get(name) ?? { name, text: null, types: [], columns: null }
  }

  #show({ name, text }: Prepared, parameters: readonly Json[]): void {
    this.#parts.push({ text, ...(name === '' ? {} : { name }), parameters })
  }
}

const portalSign = 0x50
const unknownPortal: Portal = {
  prepared: { name: '', text: null, types: [], columns: null },
  parameters: [],
  formats: [],
}

function opaque(bytes: Buffer): Json {
  return { type: 'bytes', bytes: bytes.length, hex: bytes.toString('hex') }
}

/** Over the parameter formats and values of a Bind. */
function skipValues(cursor: Cursor): void {
  cursor.bytes(2 * cursor.uint16())
  for (let left = cursor.uint16(); left > 0; left--) {
    const length = cursor.int32()
    if (length >= 0) cursor.bytes(length)
  }
}
