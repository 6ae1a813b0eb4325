import type { Format } from './data-type.ts'
import type { ElementType, ValueType } from './types.ts'

/** How detectors look into the values of one type in one format. */
export interface CellLook {
  readonly type: ValueType
  readonly format: Format
  /** `bytes`: as a text where they are one in UTF-8. */
  readonly as: 'text' | 'number' | 'json' | 'bytes'
}

/** `whole`: what is seen in a value cannot be replaced within it. */
const looks: { readonly [Element in ElementType]: CellLook['as'] | 'whole' | null } = {
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
  time: null,
  timetz: null,
  interval: 'whole',
  money: 'whole',
  macaddr: null,
  macaddr8: null,
  bit: 'whole',
  varbit: 'whole',
  point: 'whole',
  lseg: 'whole',
  box: 'whole',
  path: 'whole',
  polygon: 'whole',
  circle: 'whole',
  line: 'whole',
  range: 'whole',
  multirange: 'whole',
  xml: 'whole',
  tsvector: 'whole',
  hstore: 'whole',
  vector: 'whole',
  halfvec: 'whole',
  sparsevec: 'whole',
  record: 'whole',
}

/** Whether nothing can stand in the place of what is found in a value of the type. */
export function isClosed({ element }: ValueType): boolean {
  return looks[element] === 'whole'
}

/** `null`: no value of the type is what a detector looks for, or the type is closed. */
export function lookInto(type: ValueType, format: Format): CellLook | null {
  const as = looks[type.element]
  return as === null || as === 'whole' ? null : { type, format, as }
}
