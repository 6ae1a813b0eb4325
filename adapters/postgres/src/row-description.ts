import type { Cursor } from './wire.ts'

/** A column of an answer, as its RowDescription has it. */
export interface Field {
  /** In UTF-8, if the server keeps its word. */
  readonly name: Buffer
  /** OID and number of the column that it shows; 0 is none. */
  readonly table: number
  readonly attribute: number
  /** OID. */
  readonly type: number
  readonly binary: boolean
}

/** Reads the body of a RowDescription (PostgreSQL 15 §55.7). Throws `ProtocolViolation`. */
export function fieldsOf(cursor: Cursor): readonly Field[] {
  return Array.from({ length: cursor.uint16() }, () => {
    const name = cursor.terminated()
    const table = cursor.uint32()
    const attribute = cursor.int16()
    const type = cursor.uint32()
    // Its length and its modifier.
    cursor.bytes(6)
    return { name, table, attribute, type, binary: cursor.int16() !== 0 }
  })
}
