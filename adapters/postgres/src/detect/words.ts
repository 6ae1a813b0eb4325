import type { CellBatch } from '@sluice/masking'
import { buildError, parseError, type ErrorFields } from '../wire.ts'
import { asText } from './column-look.ts'
import type { Look } from './searched.ts'

/** Severity, SQLSTATE, positions, and where in the server's own source it was: no words of anybody (PostgreSQL 15 §55.8). */
const wordless: ReadonlySet<string> = new Set(['S', 'V', 'C', 'P', 'p', 'F', 'L', 'R'])

/** The words of an ErrorResponse or NoticeResponse, which may quote values. */
export class Words {
  readonly #type: number
  readonly #fields: ErrorFields
  readonly #places: ReadonlyMap<string, number>

  constructor(message: Buffer, batch: CellBatch) {
    this.#type = message[0] ?? 0
    this.#fields = parseError(message)
    const told = [...this.#fields].filter(([code]) => !wordless.has(code))
    this.#places = new Map(told.map(([code, text]) => [code, batch.add(Buffer.from(text), asText)]))
  }

  /** Once the batch is settled; `undefined` when nothing was found in them. */
  shown(batch: CellBatch): Buffer | undefined {
    const changed = [...this.#places].flatMap(([code, place]): [string, string][] => {
      const text = batch.at(place)
      return text === undefined ? [] : [[code, text.toString()]]
    })
    return changed.length === 0 ? undefined : buildError(this.#type, new Map([...this.#fields, ...changed]))
  }
}

/** Of a message within a reply. */
export const wordsOf: Look = (bytes, at, next, batch) => {
  const words = new Words(bytes.subarray(at, next), batch)
  return (rewriter) => {
    const shown = words.shown(batch)
    if (shown !== undefined) rewriter.replace(at, next, shown)
  }
}
