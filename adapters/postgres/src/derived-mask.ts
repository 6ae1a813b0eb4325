import { replacementOf, type Format } from '@sluice/masking'
import { lengthPrefixed, nullCell, type Cell, type ColumnMask } from './column-mask.ts'
import { maskable } from './types.ts'

/**
 * The mask of an output that is computed from masked columns. Whatever they are masked by, it shows nothing: a part of a
 * value, its pseudonym or its length would be those of something that the caller has chosen. NULL is hidden too, since
 * whether there is a value may be what was asked.
 */
export class DerivedMask {
  /** What it is computed from, for the record. */
  readonly #columns: string
  readonly #isNull: boolean
  /** From 1. */
  readonly #position: number
  /** The mask of the one column that it may be. */
  readonly only: ColumnMask | undefined

  /** `masks`: of the columns that it is computed from. `position`: from 1. */
  constructor(masks: readonly ColumnMask[], position: number) {
    this.#columns = masks.map(({ column }) => column).join(', ')
    this.#isNull = masks.some(({ rule }) => rule.method === 'null')
    this.#position = position
    this.only = masks.length === 1 ? masks[0] : undefined
  }

  /** `type`: OID of the answer's column. Words where the type has room for them; a number would be taken for one. */
  cell(type: number, format: Format): Cell {
    const words = this.#isNull ? undefined : wordsOf(type, format)
    return {
      kind: 'fixed',
      column: this.#columns,
      method: `${words === undefined ? 'null' : 'redact'}:output_${String(this.#position)}`,
      cell: words ?? nullCell,
      hidesNull: true,
    }
  }
}

const speaking: ReadonlySet<string> = new Set(['text', 'bpchar', 'json', 'jsonb'])

function wordsOf(oid: number, format: Format): Buffer | undefined {
  const type = maskable.get(oid)
  if (type === undefined || type.array || !speaking.has(type.element)) return undefined
  const found = replacementOf(type, { method: 'redact' }, format, undefined)
  return found.kind === 'fixed' ? lengthPrefixed(found.bytes) : undefined
}
