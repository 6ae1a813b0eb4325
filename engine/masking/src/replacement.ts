import { inArray } from './arrays.ts'
import type { Format } from './data-type.ts'
import { isInPlace, maskInPlace, type InPlaceMethod } from './methods.ts'
import type { MaskRequest, Replacement } from './replacer.ts'
import { replacers, type ElementType, type ValueType } from './types.ts'
import type { Pseudonyms } from '@sluice/core/verdict'

/** The mask of a text keeps its length: it is written over the value where it lies. */
export interface InPlace {
  readonly kind: 'in_place'
  readonly method: string
  readonly how: InPlaceMethod
}

/**
 * What becomes of the values of one type in one format. `null` is no matter of types and is not asked for here.
 * Arrays keep their dimensions, their NULLs and so their number of elements: each element is masked by itself.
 */
export function replacementOf(
  { element, array }: ValueType,
  request: MaskRequest,
  format: Format,
  pseudonyms: Pseudonyms | undefined,
): Replacement | InPlace {
  const how = inPlaceOf(element, request.method)
  if (how !== undefined && !array) return { kind: 'in_place', method: request.method, how }
  const alone: Replacement =
    how === undefined
      ? replacers[element](request, format, pseudonyms)
      : { kind: 'computed', method: request.method, replace: (value) => masked(how, value) }
  if (!array || alone.kind === 'invalid') return alone
  const each = alone.kind === 'fixed' ? (): Buffer => alone.bytes : alone.replace
  return { kind: 'computed', method: alone.method, replace: inArray(format, each) }
}

function inPlaceOf(element: ElementType, method: MaskRequest['method']): InPlaceMethod | undefined {
  if (element !== 'text' && element !== 'bpchar') return undefined
  const how = method === 'partial' ? 'last4' : method
  return isInPlace(how) ? how : undefined
}

function masked(how: InPlaceMethod, value: Buffer): Buffer {
  const copy = Buffer.from(value)
  maskInPlace(how, copy, 0, copy.length)
  return copy
}
