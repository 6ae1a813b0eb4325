import type { DataType } from './data-type.ts'

/** The text of a value in binary. Throws `Undecodable`. */
export type TextOf = (bytes: Buffer) => string

export function textOf<Value>(type: DataType<Value>): TextOf {
  return (bytes) => type.encode(type.decode(bytes, 'binary'), 'text').toString()
}
