import { bit } from './bits.ts'
import {
  box,
  circle,
  hstore,
  interval,
  line,
  lseg,
  money,
  multirange,
  path,
  point,
  polygon,
  range,
  tsvector,
  varbit,
  xml,
} from './blanks.ts'
import { bytea } from './bytes.ts'
import { time, timetz } from './clock-times.ts'
import { float4, float8 } from './floats.ts'
import { macaddr, macaddr8 } from './hardware.ts'
import { bool, uuid } from './identifiers.ts'
import { int2, int4, int8 } from './integers.ts'
import { json, jsonb } from './json.ts'
import { cidr, inet } from './network.ts'
import { numeric } from './numeric.ts'
import { record } from './records.ts'
import { replacer, type Replacer } from './replacer.ts'
import { bpchar, char, text } from './text.ts'
import { textOf, type TextOf } from './text-of.ts'
import { date, timestamp, timestamptz } from './times.ts'
import { halfvec, sparsevec, vector } from './vectors.ts'

/** Every type whose masks are values of it. One more: a file, three lines here and its OIDs in the adapter. */
export type ElementType =
  | 'text'
  | 'bpchar'
  | 'char'
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'numeric'
  | 'float4'
  | 'float8'
  | 'uuid'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'jsonb'
  | 'bytea'
  | 'inet'
  | 'cidr'
  | 'time'
  | 'timetz'
  | 'interval'
  | 'money'
  | 'macaddr'
  | 'macaddr8'
  | 'bit'
  | 'varbit'
  | 'point'
  | 'lseg'
  | 'box'
  | 'path'
  | 'polygon'
  | 'circle'
  | 'line'
  | 'range'
  | 'multirange'
  | 'xml'
  | 'tsvector'
  | 'hstore'
  | 'vector'
  | 'halfvec'
  | 'sparsevec'
  | 'record'

export const replacers: { readonly [Name in ElementType]: Replacer } = {
  text: replacer(text),
  bpchar: replacer(bpchar),
  char: replacer(char),
  bool: replacer(bool),
  int2: replacer(int2),
  int4: replacer(int4),
  int8: replacer(int8),
  numeric: replacer(numeric),
  float4: replacer(float4),
  float8: replacer(float8),
  uuid: replacer(uuid),
  date: replacer(date),
  timestamp: replacer(timestamp),
  timestamptz: replacer(timestamptz),
  json: replacer(json),
  jsonb: replacer(jsonb),
  bytea: replacer(bytea),
  inet: replacer(inet),
  cidr: replacer(cidr),
  time: replacer(time),
  timetz: replacer(timetz),
  interval: replacer(interval),
  money: replacer(money),
  macaddr: replacer(macaddr),
  macaddr8: replacer(macaddr8),
  bit: replacer(bit),
  varbit: replacer(varbit),
  point: replacer(point),
  lseg: replacer(lseg),
  box: replacer(box),
  path: replacer(path),
  polygon: replacer(polygon),
  circle: replacer(circle),
  line: replacer(line),
  range: replacer(range),
  multirange: replacer(multirange),
  xml: replacer(xml),
  tsvector: replacer(tsvector),
  hstore: replacer(hstore),
  vector: replacer(vector),
  halfvec: replacer(halfvec),
  sparsevec: replacer(sparsevec),
  record: replacer(record),
}

/** What a value in binary would be as a text. */
export const texts: { readonly [Name in ElementType]: TextOf } = {
  text: textOf(text),
  bpchar: textOf(bpchar),
  char: textOf(char),
  bool: textOf(bool),
  int2: textOf(int2),
  int4: textOf(int4),
  int8: textOf(int8),
  numeric: textOf(numeric),
  float4: textOf(float4),
  float8: textOf(float8),
  uuid: textOf(uuid),
  date: textOf(date),
  timestamp: textOf(timestamp),
  timestamptz: textOf(timestamptz),
  json: textOf(json),
  jsonb: textOf(jsonb),
  bytea: textOf(bytea),
  inet: textOf(inet),
  cidr: textOf(cidr),
  time: textOf(time),
  timetz: textOf(timetz),
  interval: textOf(interval),
  money: textOf(money),
  macaddr: textOf(macaddr),
  macaddr8: textOf(macaddr8),
  bit: textOf(bit),
  varbit: textOf(varbit),
  point: textOf(point),
  lseg: textOf(lseg),
  box: textOf(box),
  path: textOf(path),
  polygon: textOf(polygon),
  circle: textOf(circle),
  line: textOf(line),
  range: textOf(range),
  multirange: textOf(multirange),
  xml: textOf(xml),
  tsvector: textOf(tsvector),
  hstore: textOf(hstore),
  vector: textOf(vector),
  halfvec: textOf(halfvec),
  sparsevec: textOf(sparsevec),
  record: textOf(record),
}

/** A type that can be masked, alone or in arrays of any dimensions. */
export interface ValueType {
  readonly element: ElementType
  readonly array: boolean
}
