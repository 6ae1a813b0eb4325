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
