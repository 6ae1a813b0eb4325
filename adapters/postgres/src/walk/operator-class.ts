import { strings, type Fields } from './node.ts'
import { closed } from './objection.ts'
import type { Context } from './scope.ts'

/** The server's own (PostgreSQL 12 to 18). */
const servers = new Set(
  `aclitem_ops array_ops bit_ops bool_ops box_ops bpchar_ops bytea_ops char_ops cid_ops cidr_ops circle_ops date_ops enum_ops
  float4_ops float8_ops inet_ops int2_ops int4_ops int8_ops interval_ops jsonb_ops jsonb_path_ops kd_point_ops macaddr8_ops
  macaddr_ops money_ops multirange_ops name_ops numeric_ops oid_ops oidvector_ops pg_lsn_ops point_ops poly_ops quad_point_ops
  range_ops record_image_ops record_ops text_ops tid_ops time_ops timestamp_ops timestamptz_ops timetz_ops tsquery_ops
  tsvector_ops uuid_ops varbit_ops varchar_ops xid8_ops xid_ops bpchar_pattern_ops text_pattern_ops varchar_pattern_ops
  box_inclusion_ops inet_inclusion_ops range_inclusion_ops bit_minmax_ops varbit_minmax_ops`.split(/\s+/),
)
/** Of BRIN, one of each kind for each of these types. */
const summarised =
  /^(?:bpchar|bytea|char|date|float[48]|inet|int[248]|interval|macaddr8?|name|numeric|oid|pg_lsn|text|tid|time|timestamp|timestamptz|timetz|uuid)_(?:bloom|minmax)_ops$/
const summarisedTwice =
  /^(?:date|float[48]|inet|int[248]|interval|macaddr8?|numeric|oid|pg_lsn|tid|time|timestamp|timestamptz|timetz|uuid)_minmax_multi_ops$/
/** Of extensions that are harmless, in whatever schema they are. */
const extensions = new Set(
  `gin_trgm_ops gist_trgm_ops citext_ops citext_pattern_ops btree_hstore_ops hash_hstore_ops gin_hstore_ops gist_hstore_ops
  ltree_ops gist_ltree_ops gist__ltree_ops gin__int_ops gist__int_ops gist__intbig_ops cube_ops gist_cube_ops
  vector_ops vector_l2_ops vector_ip_ops vector_cosine_ops vector_l1_ops halfvec_ops halfvec_l2_ops halfvec_ip_ops
  halfvec_cosine_ops halfvec_l1_ops sparsevec_ops sparsevec_l2_ops sparsevec_ip_ops sparsevec_cosine_ops sparsevec_l1_ops
  bit_hamming_ops bit_jaccard_ops`.split(/\s+/),
)

/** How an index or a partition key compares: each row that is written, or looked for, runs the functions of the class that is named. */
export function operatorClass(key: Fields, cx: Context): void {
  const names = strings(key, 'opclass')
  const name = names.at(-1)
  if (name === undefined) return
  const isServers = servers.has(name) || summarised.test(name) || summarisedTwice.test(name)
  if (isServers && names.length === 1 && looksFirstIntoServers(cx)) return
  if (isServers && names.length === 2 && names[0] === 'pg_catalog') return
  if (!extensions.has(name) || names.length > 2) closed('An operator class of your own')
}

/** A path that names pg_catalog behind a schema makes the server find a class of the same name there. */
function looksFirstIntoServers({ names }: Context): boolean {
  return names.searchPaths.every((path) => path.indexOf('pg_catalog') <= 0)
}
