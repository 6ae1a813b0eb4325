import { isClosed, lookInto, type CellLook, type Format } from '@sluice/masking'
import { maskable } from '../types.ts'

/**
 * How the values of one column of an answer are looked into; `null`: not at all. Of types that are not
 * understood only is seen whether something is in a value: what could stand in its place is not known either.
 */
export type ColumnLook =
  | { readonly kind: 'replaced'; readonly look: CellLook }
  | { readonly kind: 'refused'; readonly format: Format }
  | null

/** `type`: OID. */
export function columnLook(type: number, format: Format): ColumnLook {
  const known = maskable.get(type)
  if (known === undefined || isClosed(known)) return { kind: 'refused', format }
  const look = lookInto(known, format)
  return look === null ? null : { kind: 'replaced', look }
}

export const asText: CellLook = { type: { element: 'text', array: false }, format: 'text', as: 'text' }

/**
 * Numbers and lengths stand between the texts in binary, and could look like a part of them. They are below 2^24, so
 * that each begins with a byte that no text of a server has.
 */
export function withoutLengths(value: Buffer): Buffer {
  const separated = value.toString('latin1').replaceAll(/\0[^]{3}/g, '\n')
  return Buffer.from(separated, 'latin1')
}
