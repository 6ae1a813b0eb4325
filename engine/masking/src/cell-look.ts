import type { Format } from './data-type.ts'
import type { ElementType, ValueType } from './types.ts'

/** How detectors look into the values of one type in one format. */
export interface CellLook {
  readonly type: ValueType
  readonly format: Format
  /** `bytes`: as a text where they are one in UTF-8. */
  readonly as: 'text' | 'number' | 'json' | 'bytes'
}

const looks: { readonly [Element in ElementType]: CellLook['as'] | null } = {
  text: 'text',
  bpchar: 'text',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
  char: null,
  bool: null,
  uuid: null,
  date: null,
  timestamp: null,
  timestamptz: null,
  inet: null,
  cidr: null,
}

/** `null`: no value of the type is what a detector looks for. */
export function lookInto(type: ValueType, format: Format): CellLook | null {
  const as = looks[type.element]
  return as === null ? null : { type, format, as }
}
