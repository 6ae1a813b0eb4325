import { refusal, type ColumnMaskRule, type Pseudonyms, type Refusal } from '@sluice/core'
import { replacementOf, type Format, type InPlaceMethod, type ValueType } from '@sluice/masking'
import { maskable } from './types.ts'

/** A rule that hides something. */
export type HidingRule = ColumnMaskRule & { readonly method: Exclude<ColumnMaskRule['method'], 'none'> }

/** How the cells of one output column are hidden. */
export type Cell = {
  readonly column: string
  /** What is really done, for the record. */
  readonly method: string
} & (
  | { readonly kind: 'in_place'; readonly how: InPlaceMethod }
  /** The whole cell with its length in front, as a DataRow has it. */
  | { readonly kind: 'fixed'; readonly cell: Buffer; readonly hidesNull?: true }
  | { readonly kind: 'computed'; readonly replace: (value: Buffer) => Buffer }
)

interface Unshowable {
  readonly kind: 'refused'
  readonly refusal: Refusal
}

/** What the catalogue says of a column. */
export interface Attribute {
  /** OID of its type; of a domain the base type's. */
  readonly type: number
  readonly notNull: boolean
}

/** What a mask knows of a type, by its OID. */
export type KnownTypes = ReadonlyMap<number, ValueType>

/**
 * The mask of one column. What it makes of a value depends on the type and format that an answer has, so that it is
 * settled when one is described, once for each.
 */
export class ColumnMask {
  /** `schema.table.column`, for the record. */
  readonly column: string
  readonly rule: HidingRule
  readonly #attribute: Attribute
  readonly #types: KnownTypes
  readonly #pseudonyms: Pseudonyms | undefined
  /** By type, for each format. */
  readonly #cells = {
    text: new Map<number, Cell | Unshowable>(),
    binary: new Map<number, Cell | Unshowable>(),
  }

  /** `types`: those of the database itself, beyond the server's. */
  constructor(
    column: string,
    rule: HidingRule,
    attribute: Attribute,
    types: KnownTypes,
    pseudonyms: Pseudonyms | undefined,
  ) {
    this.column = column
    this.rule = rule
    this.#attribute = attribute
    this.#types = types
    this.#pseudonyms = pseudonyms
  }

  /** Another mask for the same column. */
  by(rule: HidingRule): ColumnMask {
    return new ColumnMask(this.column, rule, this.#attribute, this.#types, this.#pseudonyms)
  }

  /** `type`: OID of the answer's column. */
  cell(type: number, format: Format): Cell | Unshowable {
    const known = this.#cells[format]
    let cell = known.get(type)
    if (cell === undefined) {
      cell = this.#settled(type, format)
      known.set(type, cell)
    }
    return cell
  }

  /** Why the policy's words are none for this column. It concerns whoever wrote them, whatever is selected. */
  get mistake(): Refusal | undefined {
    const type = this.#known(this.#attribute.type)
    if (type === undefined || this.rule.method === 'null') return undefined
    const found = replacementOf(type, this.rule, 'text', this.#pseudonyms)
    return found.kind === 'invalid' ? this.#invalid(found.why) : undefined
  }

  /** Why it could not be shown even masked. */
  get objection(): Refusal | undefined {
    const cell = this.cell(this.#attribute.type, 'text')
    return cell.kind === 'refused' ? cell.refusal : undefined
  }

  #settled(oid: number, format: Format): Cell | Unshowable {
    const { column, rule } = this
    const type = this.#known(oid)
    if (rule.method === 'null' || type === undefined) return this.#null(type === undefined)
    const found = replacementOf(type, rule, format, this.#pseudonyms)
    switch (found.kind) {
      case 'invalid':
        return { kind: 'refused', refusal: this.#invalid(found.why) }
      case 'fixed':
        return { kind: 'fixed', column, method: found.method, cell: lengthPrefixed(found.bytes) }
      case 'in_place':
      case 'computed':
        return { ...found, column }
    }
  }

  #known(oid: number): ValueType | undefined {
    return maskable.get(oid) ?? this.#types.get(oid)
  }

  #null(unmaskable: boolean): Cell | Unshowable {
    const { column, rule } = this
    if (!this.#attribute.notNull) return { kind: 'fixed', column, method: 'null', cell: nullCell }
    const why = unmaskable ? 'no mask makes another value of its type' : 'its mask is NULL'
    const message = `Column ${column} cannot be shown: ${why}, and the column is NOT NULL. Name the other columns that you need`
    return { kind: 'refused', refusal: refusal('denied', rule.rule, message) }
  }

  #invalid(why: string): Refusal {
    return refusal(
      'policy_error',
      'policy/mask_method',
      `The ${this.rule.method} mask of ${this.column} is not possible: ${why}.`,
    )
  }
}

export function lengthPrefixed(value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + value.length)
  bytes.writeInt32BE(value.length)
  bytes.set(value, 4)
  return bytes
}

export const nullCell: Buffer = Buffer.from([0xff, 0xff, 0xff, 0xff])
