/** The rows of one format of COPY, as they stream. A format that a server does not write is `Undecodable`. */
export interface CopyRows {
  /**
   * The row at `from`: puts the beginning and the end of each of its fields into `fields`, none for what is no row, and
   * gives where the next one begins; -1 when its end has not arrived.
   */
  row(bytes: Buffer, from: number, fields: number[]): number
  /** What a field holds, in the form of its type; `null` for NULL. */
  value(field: Buffer): Buffer | null
  /** A value of that column (from 0) as a server would write it. */
  field(value: Buffer | null, column: number): Buffer
}

export const newline = 0x0a
export const backslash = 0x5c
