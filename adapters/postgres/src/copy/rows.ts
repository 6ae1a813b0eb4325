import type { Fields } from './fields.ts'

/** The rows of one format of COPY, as they stream. A format that a server does not write is `Undecodable`. */
export interface CopyRows {
  /**
   * The row at `from`: puts its fields into `fields`, none for what is no row, and gives where the next one begins; -1
   * when it does not end before `to`. With the same `fields` it goes on where it stopped then.
   */
  row(bytes: Buffer, from: number, to: number, fields: Fields): number
  /** Whether that field is NULL. */
  isNull(bytes: Buffer, from: number, to: number): boolean
  /**
   * Where the value of a field that is not NULL begins, up to `to`, if it lies there in the form of its type and whatever
   * `maskInPlace` makes of it is written the same; -1 if it may not.
   */
  bare(bytes: Buffer, from: number, to: number): number
  /** What a field that is not NULL holds, in the form of its type. */
  value(bytes: Buffer, from: number, to: number): Buffer
  /** A value of that column (from 0), `null` for NULL, as a server would write it. */
  field(value: Buffer | null, column: number): Buffer
}

export const newline = 0x0a
export const backslash = 0x5c
/** What `maskInPlace` writes. */
export const star = 0x2a

/** Whether `bytes[from, to)` are these. */
export function isSame(bytes: Buffer, from: number, to: number, these: Buffer): boolean {
  if (to - from !== these.length) return false
  for (let at = 0; at < these.length; at++) if (bytes[from + at] !== these[at]) return false
  return true
}
