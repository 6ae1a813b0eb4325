/**
 * The functions of pg_catalog that a statement may call, by what calling them can do. A function that is not here
 * is refused by name: those that take SQL or the name of a type as text and run it, touch files, the network, large objects, other sessions or the
 * server's administration are left out on purpose, the rest because nobody needed it yet.
 */
const functionLists = {
  /** The value depends on the arguments alone (or on the settings that format it). */
  pure: `abs acos acosd acosh age area array_append array_cat array_dims array_fill array_length array_lower
    array_ndims array_position array_positions array_prepend array_remove array_replace array_reverse
    array_sort array_to_json array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2
    atan2d atand atanh bit bit_count bit_length bool bound_box box bpchar broadcast btrim cardinality casefold
    cbrt ceil ceiling center char char_length character_length chr circle concat concat_ws convert
    convert_from convert_to cos cosd cosh cot cotd crc32 crc32c date date_add date_bin date_part date_subtract
    date_trunc datemultirange daterange decode degrees diagonal diameter div encode enum_first enum_last
    enum_range erf erfc exp extract factorial family float4 float8 floor format gamma gcd generate_series
    generate_subscripts get_bit get_byte get_current_ts_config height host hostmask inet_merge
    inet_same_family initcap int2 int4 int4multirange int4range int8 int8multirange int8range interval
    is_normalized isclosed isempty isfinite ishorizontal isopen isparallel isperp isvertical
    json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object json_object_keys
    json_populate_record json_populate_recordset json_scalar json_serialize json_strip_nulls json_to_record
    json_to_recordset json_to_tsvector json_typeof jsonb_array_elements jsonb_array_elements_text
    jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained jsonb_contains
    jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any
    jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists
    jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
    jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
    jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset jsonb_pretty jsonb_set
    jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof
    justify_days justify_hours justify_interval lcm left length lgamma like like_escape line ln log log10
    lower lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_set7bit make_date make_interval
    make_time make_timestamp make_timestamptz masklen md5 min_scale mod money multirange name netmask network
    normalize notlike npoints num_nonnulls num_nulls numeric nummultirange numnode numrange octet_length oid
    overlaps overlay parse_ident path phraseto_tsquery pi plainto_tsquery point polygon popen pclose position
    pow power querytree quote_ident quote_literal quote_nullable radians radius range_merge regexp_count
    regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table regexp_substr repeat replace reverse right round row_to_json rpad rtrim scale
    set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 sign similar_escape similar_to_escape
    sin sind sinh slope split_part sqrt starts_with string_to_array string_to_table strip strpos substr
    substring tan tand tanh text time timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date
    to_hex to_json to_jsonb to_number to_oct to_timestamp to_tsquery to_tsvector translate trim_array
    trim_scale trunc ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd ts_token_type
    tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array unistr unnest upper
    upper_inc upper_inf uuid_extract_timestamp uuid_extract_version varbit varchar websearch_to_tsquery width
    width_bucket xid`,
  aggregate: `any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp
    cume_dist dense_rank every first_value json_agg json_agg_strict json_object_agg jsonb_agg
    jsonb_agg_strict jsonb_object_agg lag last_value lead max min mode nth_value ntile percent_rank
    percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev stddev_pop stddev_samp
    string_agg sum var_pop var_samp variance`,
  /** A new value at each call; changes nothing. */
  volatile: `array_sample array_shuffle clock_timestamp gen_random_uuid now random random_normal setseed
    statement_timestamp timeofday transaction_timestamp uuidv4 uuidv7`,
  /** Tells of the caller's own session. */
  session: `current_catalog current_database current_role current_schema current_schemas current_user
    getdatabaseencoding inet_client_addr inet_client_port inet_server_addr inet_server_port
    pg_backend_pid pg_client_encoding pg_conf_load_time pg_is_in_recovery pg_jit_available
    pg_listening_channels pg_my_temp_schema pg_postmaster_start_time pg_trigger_depth session_user
    txid_current txid_current_if_assigned txid_status pg_current_xact_id pg_current_xact_id_if_assigned
    user version`,
  /** Tells of the schema, never of the rows. */
  introspection: `acldefault aclexplode col_description format_type has_any_column_privilege
    has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
    has_language_privilege has_schema_privilege has_sequence_privilege has_server_privilege
    has_table_privilege has_tablespace_privilege has_type_privilege obj_description oidvectortypes
    pg_basetype pg_char_to_encoding pg_collation_for pg_collation_is_visible pg_column_is_updatable
    pg_column_size pg_conversion_is_visible pg_database_size pg_describe_object pg_encoding_max_length
    pg_encoding_to_char pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arg_default
    pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
    pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_object_address
    pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables
    pg_get_replica_identity_index pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
    pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid
    pg_get_viewdef pg_has_role pg_identify_object pg_identify_object_as_address
    pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_indexes_size
    pg_is_other_temp_schema pg_opclass_is_visible pg_operator_is_visible
    pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree
    pg_relation_is_publishable pg_relation_is_updatable pg_relation_size pg_sequence_parameters
    pg_size_bytes pg_size_pretty pg_statistics_obj_is_visible pg_table_is_visible pg_table_size
    pg_total_relation_size pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
    pg_ts_template_is_visible pg_type_is_visible pg_typeof row_security_active shobj_description
    to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure
    to_regrole to_regtype to_regtypemod`,
  /** Moves a sequence, which no rollback takes back. */
  sequence: `currval lastval nextval pg_sequence_last_value setval`,
  /** Takes or gives back an advisory lock. */
  lock: `pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
    pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock
    pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared`,
  /** Only waits. Bounded by statement_timeout. */
  wait: `pg_sleep pg_sleep_for pg_sleep_until`,
  /** Reads or changes a setting that `settings.ts` lists. */
  setting: `current_setting set_config`,
  /** NOTIFY by another name. */
  notification: `pg_notify`,
} as const

export type FunctionClass = keyof typeof functionLists

/** pg_catalog function → what calling it can do. All overloads of a name are in one class. */
export const functions: ReadonlyMap<string, FunctionClass> = new Map([
  ...listed('pure'),
  ...listed('aggregate'),
  ...listed('volatile'),
  ...listed('session'),
  ...listed('introspection'),
  ...listed('sequence'),
  ...listed('lock'),
  ...listed('wait'),
  ...listed('setting'),
  ...listed('notification'),
])

function listed(kind: FunctionClass): readonly [string, FunctionClass][] {
  return functionLists[kind].split(/\s+/).map((name) => [name, kind])
}

/**
 * Functions of the server that take one argument of any type, and so a row, and show something of it: `t.to_json` calls one
 * where `t` has no such column (PostgreSQL 18 §8.16.5), whether it is in a list here or not.
 */
export const takesRows: ReadonlySet<string> = new Set(
  `any_value array_agg concat hash_record json_agg json_agg_strict json_build_array jsonb_agg
  jsonb_agg_strict jsonb_build_array max min quote_literal quote_nullable record_out record_send row_to_json
  to_json to_jsonb`.split(/\s+/),
)

/** Functions of information_schema that drivers call. */
export const informationFunctions: ReadonlySet<string> = new Set([
  '_pg_expandarray',
  '_pg_char_max_length',
  '_pg_numeric_precision',
  '_pg_numeric_scale',
  '_pg_datetime_precision',
  '_pg_truetypid',
  '_pg_truetypmod',
])

/** Functions with several output columns, as a FROM item sees them. */
export const outputColumns: ReadonlyMap<string, readonly string[]> = new Map([
  ['_pg_expandarray', ['x', 'n']],
  ['aclexplode', ['grantor', 'grantee', 'privilege_type', 'is_grantable']],
  ['each', ['key', 'value']],
  ['json_each', ['key', 'value']],
  ['json_each_text', ['key', 'value']],
  ['jsonb_each', ['key', 'value']],
  ['jsonb_each_text', ['key', 'value']],
  ['pg_get_keywords', ['word', 'catcode', 'barelabel', 'catdesc', 'baredesc']],
  ['pg_get_object_address', ['classid', 'objid', 'objsubid']],
  ['pg_get_publication_tables', ['pubid', 'relid', 'attrs', 'qual']],
  ['pg_identify_object', ['type', 'schema', 'name', 'identity']],
  ['pg_identify_object_as_address', ['type', 'object_names', 'object_args']],
  ['pg_options_to_table', ['option_name', 'option_value']],
  ['pg_partition_tree', ['relid', 'parentrelid', 'isleaf', 'level']],
  [
    'pg_sequence_parameters',
    ['start_value', 'minimum_value', 'maximum_value', 'increment', 'cycle_option', 'cache_size', 'data_type'],
  ],
  ['ts_parse', ['tokid', 'token']],
  ['ts_token_type', ['tokid', 'alias', 'description']],
])

/**
 * Extensions whose functions, operators and types only compute. Others (dblink, postgres_fdw, file_fdw, tablefunc,
 * xml2, lo, adminpack, procedural languages …) reach out of the database or take SQL as text.
 */
export const allowedExtensions: ReadonlySet<string> = new Set([
  'vector',
  'hstore',
  'citext',
  'pg_trgm',
  'uuid-ossp',
  'pgcrypto',
  'unaccent',
  'fuzzystrmatch',
  'ltree',
  'intarray',
  'cube',
  'earthdistance',
  'seg',
  'isn',
  'btree_gin',
  'btree_gist',
])

/** Operators of pg_catalog: all of them only compute. */
export const operators: ReadonlySet<string> = new Set(
  `!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<|
  <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~
  ~= ~>=~ ~>~ ~~ ~~* !=`.split(/\s+/),
)
