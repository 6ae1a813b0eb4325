import { isUtf8 } from 'node:buffer'
import type { Json } from '@sluice/core'
import { Cursor, ProtocolViolation } from './wire.ts'

const textFormat = 0

export interface BoundValues {
  readonly values: readonly Json[]
  /** Every value that is given as text is UTF-8. */
  readonly isText: boolean
  /** Formats and values as they came. */
  readonly bytes: Buffer
}

/**
 * The rest of a Bind after portal and statement (PostgreSQL 15 §55.7): parameter formats, values, result formats. The
 * values are what policies see. `types`: the OIDs of the parameters as far as they are known, so that binary values can
 * be read. Throws `ProtocolViolation`.
 */
export function parseBind(cursor: Cursor, types: readonly number[]): BoundValues {
  const start = cursor.at
  const read = readValues(cursor, types, opaqueBytesMax)
  const bytes = cursor.since(start)
  cursor.bytes(2 * cursor.uint16())
  cursor.finish()
  return { ...read, bytes }
}

/** All of each value, for people who must see what they approve; `bytes` as `parseBind` gives them. */
export function wholeValues(bytes: Buffer, types: readonly number[]): readonly Json[] {
  return readValues(new Cursor(bytes), types, Infinity).values
}

function readValues(cursor: Cursor, types: readonly number[], opaqueMax: number): Omit<BoundValues, 'bytes'> {
  let isText = true
  // In loops: `Array.from` over a length costs more than what is read here.
  const formats: number[] = []
  for (let left = cursor.uint16(); left > 0; left--) formats.push(cursor.int16())
  const count = cursor.uint16()
  if (formats.length > 1 && formats.length !== count)
    throw new ProtocolViolation('bind message has other parameter formats than parameters')
  const values: Json[] = []
  for (let index = 0; index < count; index++) {
    const length = cursor.int32()
    if (length === -1) {
      values.push(null)
      continue
    }
    const bytes = cursor.bytes(length)
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? textFormat
    const value = format === textFormat ? text(bytes) : binary(types[index] ?? 0, bytes)
    isText &&= format !== textFormat || value !== undefined
    values.push(value ?? opaque(bytes, opaqueMax))
  }
  return { values, isText }
}

/** What policies see of a value that has no form in JSON. */
const opaqueBytesMax = 64

/** `undefined` for what is no text. */
function text(bytes: Buffer): Json | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}

function opaque(bytes: Buffer, most: number): Json {
  return { type: 'bytes', bytes: bytes.length, hex: bytes.subarray(0, most).toString('hex') }
}

/** OIDs of pg_type whose binary form is a value that JSON has too; others are shown as bytes. */
function binary(type: number, bytes: Buffer): Json | undefined {
  switch (type) {
    case 16:
      return bytes.length === 1 ? bytes[0] === 1 : undefined
    case 20:
      return bytes.length === 8 ? bytes.readBigInt64BE().toString() : undefined
    case 21:
      return bytes.length === 2 ? bytes.readInt16BE() : undefined
    case 23:
    case 26:
      return bytes.length === 4 ? bytes.readInt32BE() : undefined
    case 700:
      return bytes.length === 4 ? finite(bytes.readFloatBE()) : undefined
    case 701:
      return bytes.length === 8 ? finite(bytes.readDoubleBE()) : undefined
    case 18:
    case 19:
    case 25:
    case 114:
    case 1042:
    case 1043:
      return text(bytes)
    case 2950:
      return bytes.length === 16 ? uuid(bytes.toString('hex')) : undefined
    default:
      return undefined
  }
}

function finite(value: number): Json {
  return Number.isFinite(value) ? value : String(value)
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The type OIDs in a ParameterDescription message. */
export function describedTypes(cursor: Cursor): readonly number[] {
  return Array.from({ length: cursor.uint16() }, () => cursor.uint32())
}
