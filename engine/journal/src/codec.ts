import avro, { type Type } from 'avsc'
import type { EventData, NewEvent, Position, RecordedEvent } from '@sluice/core'
import { writeEnvelope, type UnsealedEnvelope } from './envelope-writer.ts'
import {
  envelopeSchema,
  eventSchemas,
  olderSchemas,
  type AvroRecord,
  type Envelope,
  type EventData as SchemaData,
} from '@sluice/schemas'

/** Does not compile when the schemas and the core disagree about what events hold. */
export type SchemasAgree = Agreed<Same<SchemaData, EventData>>
type Agreed<T extends true> = T
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** An event that cannot be written down as it is. Names the field, never its value. */
export class EventError extends Error {
  override readonly name = 'EventError'
}

interface DataType {
  readonly avro: Type
  readonly version: number
  /** Reads what an earlier version wrote, with the defaults of the fields that it did not have. */
  readonly older: ReadonlyMap<number, Resolver>
}

type Resolver = ReturnType<Type['createResolver']>

const envelopeType = typeOf(envelopeSchema)
const dataTypes: ReadonlyMap<string, DataType> = new Map(
  Object.entries(eventSchemas).map(([name, schema]) => [name, dataType(typeOf(schema), schema)]),
)

function dataType(avroType: Type, { name, version }: AvroRecord & { readonly version: number }): DataType {
  const older = olderSchemas
    .filter((schema) => schema.name === name)
    .map((schema): [number, Resolver] => [schema.version, avroType.createResolver(typeOf(schema))])
  return { avro: avroType, version, older: new Map(older) }
}

function typeOf(schema: typeof envelopeSchema): Type {
  return avro.Type.forSchema(schema as Parameters<typeof avro.Type.forSchema>[0])
}

export interface EncodedData {
  readonly schema: number
  /** Valid until the next call. */
  readonly bytes: Buffer
}

const scratch = Buffer.allocUnsafe(65_536)

/** Throws `EventError` for what the schema would lose: an unknown field, NaN, half a surrogate pair. */
export function encodeData(event: Pick<NewEvent, 'type' | 'data'>): EncodedData {
  const type = dataTypes.get(event.type)
  if (type === undefined) throw new EventError(`no schema for an event of type ${event.type}`)
  if (!type.avro.isValid(event.data, strict)) throw new EventError(misfit(type.avro, event))
  const end = type.avro.encode(event.data, scratch, 0)
  const bytes = end >= 0 ? scratch.subarray(0, end) : type.avro.toBuffer(event.data)
  // The encoder writes a lone surrogate as U+FFFD, or as three bytes that begin with 0xED. Where neither is among
  // the bytes no string needs a look.
  const suspicious = bytes.includes(surrogateLead) || bytes.includes(replacement)
  if (!lossless(event.data, suspicious))
    throw new EventError(`${event.type} has text that is not Unicode, or a number beyond 52 bits`)
  return { schema: type.version, bytes }
}

const strict = { noUndeclaredFields: true }
const replacement = Buffer.from('\ufffd')
const surrogateLead = 0xed

function misfit(type: Type, event: Pick<NewEvent, 'type' | 'data'>): string {
  let at: readonly string[] = []
  const errorHook = (path: string[]): void => void (at = [...path])
  type.isValid(event.data, { ...strict, errorHook })
  return `${event.type} is not what its schema says${at.length === 0 ? '' : ` at ${at.join('.')}`}`
}

/** The encoder doubles numbers to write them, and so loses the last bit of the largest ones. */
const numberMax = 2 ** 52 - 1

function lossless(value: unknown, suspicious: boolean): boolean {
  if (typeof value === 'string') return !suspicious || value.isWellFormed()
  if (typeof value === 'number') return Math.abs(value) <= numberMax
  if (typeof value !== 'object' || value === null) return true
  for (const part of Object.values(value)) if (!lossless(part, suspicious)) return false
  return true
}

/** Writes at `at`; the end, or a negative number when there is no room. */
export function encodeEnvelope(envelope: UnsealedEnvelope, into: Buffer, at: number): number {
  const { id, stream, trace_id: trace, run_id: run } = envelope
  if (!(
    id.isWellFormed() &&
    stream.isWellFormed() &&
    trace?.isWellFormed() !== false &&
    run?.isWellFormed() !== false
  ))
    throw new EventError(`${envelope.type} has text that is not Unicode`)
  if (!Number.isInteger(envelope.time) || Math.abs(envelope.time) > numberMax)
    throw new EventError(`${envelope.type} has no whole time`)
  return writeEnvelope(envelope, into, at)
}

/** Throws when the bytes are not one event. */
export function decodeEnvelope(bytes: Buffer): Envelope {
  return envelopeType.fromBuffer(bytes) as Envelope
}

/** The event that begins there, and where it ends. Throws when none does. */
export function decodeEnvelopeAt(
  bytes: Buffer,
  at: number,
): { readonly envelope: Envelope; readonly end: number } {
  const { value, offset } = envelopeType.decode(bytes, at)
  if (offset < 0) throw new Error('these bytes end inside an event')
  return { envelope: value as Envelope, end: offset }
}

/** Whether this version can read the event's data. */
export function isKnown({ type, schema }: Pick<Envelope, 'type' | 'schema'>): boolean {
  const known = dataTypes.get(type)
  return known !== undefined && (known.version === schema || known.older.has(schema))
}

/** Throws when the bytes are not one event, or not what the schema that they name says. */
export function decodeEvent(bytes: Buffer, position: Position): RecordedEvent {
  return recordedEvent(decodeEnvelope(bytes), position)
}

/** Throws when the event's data are not what the schema that it names says. */
export function recordedEvent(envelope: Envelope, position: Position): RecordedEvent {
  const { type, data, ...rest } = { ...envelope, position }
  const known = dataTypes.get(type)
  if (known === undefined || !isKnown({ type, schema: rest.schema }))
    return { ...rest, type: 'Unknown', unknown: type, data }
  const resolver = known.older.get(rest.schema)
  return { ...rest, type, data: plain(known.avro.fromBuffer(Buffer.from(data), resolver)) } as RecordedEvent
}

/** The decoder's records have a class each; readers get plain objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
