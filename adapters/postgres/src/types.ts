import type { ElementType, ValueType } from '@sluice/masking'

/**
 * Types that a cast, a column or a parameter may name without asking the catalogue. Left out: pseudo-types, xml
 * (its parser follows references), refcursor (a query by another name), row types (whole rows).
 */
export const types: ReadonlySet<string> = new Set(
  `bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8 inet int2
  int2vector int4 int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath line lseg
  macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn pg_node_tree pg_snapshot
  point polygon regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc
  regprocedure regrole regtype text tid time timestamp timestamptz timetz tsmultirange tsquery tsrange tstzmultirange
  tstzrange tsvector txid_snapshot uuid varbit varchar xid xid8`.split(/\s+/),
)

/** Names that only a column definition may use: an integer with a sequence. */
export const serialTypes: ReadonlySet<string> = new Set([
  'serial',
  'serial2',
  'serial4',
  'serial8',
  'smallserial',
  'bigserial',
])

/** Domains of information_schema over harmless types. */
export const informationTypes: ReadonlySet<string> = new Set([
  'cardinal_number',
  'character_data',
  'sql_identifier',
  'time_stamp',
  'yes_or_no',
])

/** Whether the type with that OID came after the server's own (`FirstNormalObjectId`). */
export function isOwnType(oid: number): boolean {
  return oid >= 16_384
}

/** OIDs of a type and of its arrays, which are the same on every server. varchar, name and unknown are texts. */
const oids: readonly (readonly [element: ElementType, alone: number, array: number])[] = [
  ['bool', 16, 1000],
  ['bytea', 17, 1001],
  ['char', 18, 1002],
  ['text', 19, 1003],
  ['int8', 20, 1016],
  ['int2', 21, 1005],
  ['int4', 23, 1007],
  ['text', 25, 1009],
  ['json', 114, 199],
  ['cidr', 650, 651],
  ['float4', 700, 1021],
  ['float8', 701, 1022],
  ['inet', 869, 1041],
  ['bpchar', 1042, 1014],
  ['text', 1043, 1015],
  ['date', 1082, 1182],
  ['timestamp', 1114, 1115],
  ['timestamptz', 1184, 1185],
  ['numeric', 1700, 1231],
  ['uuid', 2950, 2951],
  ['jsonb', 3802, 3807],
]

/** The same of types whose values have parts that can be asked for, or that only masks know. */
const compounds: typeof oids = [
  ['xml', 142, 143],
  ['point', 600, 1017],
  ['lseg', 601, 1018],
  ['path', 602, 1019],
  ['polygon', 604, 1027],
  ['line', 628, 629],
  ['circle', 718, 719],
  ['macaddr8', 774, 775],
  ['money', 790, 791],
  ['macaddr', 829, 1040],
  ['time', 1083, 1183],
  ['interval', 1186, 1187],
  ['timetz', 1266, 1270],
  ['bit', 1560, 1561],
  ['varbit', 1562, 1563],
  ['tsvector', 3614, 3643],
  ['range', 3904, 3905],
  ['range', 3906, 3907],
  ['range', 3908, 3909],
  ['range', 3910, 3911],
  ['range', 3912, 3913],
  ['range', 3926, 3927],
  ['multirange', 4451, 6150],
  ['multirange', 4532, 6151],
  ['multirange', 4533, 6152],
  ['multirange', 4534, 6153],
  ['multirange', 4535, 6155],
  ['multirange', 4536, 6157],
  // Arrays of it are written with another separator than all others, and are not understood.
  ['box', 603, 0],
]
const unknownOid = 705

/** A type alone and in arrays; what has no arrays has 0 for their OID. */
export function valueTypes(
  element: ElementType,
  alone: number,
  array: number,
): readonly (readonly [oid: number, type: ValueType])[] {
  const types = [
    [alone, { element, array: false }],
    [array, { element, array: true }],
  ] as const
  return types.filter(([oid]) => oid !== 0)
}

/** Types whose values are one thing: no parts, no elements, no fields. */
export const scalars: ReadonlySet<number> = new Set([...oids.map(([, alone]) => alone), unknownOid])

/** Types of which a mask can make another value, by OID. A domain is never in an answer: its base type is. */
export const maskable: ReadonlyMap<number, ValueType> = new Map([
  ...[...oids, ...compounds].flatMap((type) => valueTypes(...type)),
  [unknownOid, { element: 'text', array: false }],
])

/** Types of extensions whose values are understood, by the extension's name and theirs. */
const installed: ReadonlyMap<string, ElementType> = new Map([
  ['citext.citext', 'text'],
  ['hstore.hstore', 'hstore'],
  ['vector.vector', 'vector'],
  ['vector.halfvec', 'halfvec'],
  ['vector.sparsevec', 'sparsevec'],
])

/** `pg_type.typtype` of what anybody may define. */
const defined: ReadonlyMap<string, ElementType> = new Map([
  ['c', 'record'],
  ['r', 'range'],
  ['m', 'multirange'],
])

/** A type that a database has beyond the server's own; `undefined`: no mask makes another value of it. */
export function ownElement(extension: string, name: string, typtype: string): ElementType | undefined {
  return installed.get(`${extension}.${name}`) ?? defined.get(typtype)
}
