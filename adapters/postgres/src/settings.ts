/**
 * Settings that a caller may change: none of them changes what a text means to the parser, where a name leads, who
 * the session is, or what is logged. Sizes and timeouts are here because they bind the caller's own session only.
 */
const free = new Set(
  `application_name backend_flush_after bytea_output client_connection_check_interval client_min_messages
  commit_delay constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction
  datestyle deadlock_timeout default_statistics_target default_transaction_deferrable
  default_transaction_isolation default_transaction_read_only effective_cache_size
  effective_io_concurrency enable_async_append enable_bitmapscan enable_gathermerge enable_hashagg
  enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material
  enable_memoize enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash
  enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join enable_seqscan
  enable_sort enable_tidscan extra_float_digits force_parallel_mode from_collapse_limit geqo geqo_effort
  geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold hash_mem_multiplier
  hnsw.ef_search hnsw.iterative_scan hnsw.max_scan_tuples hnsw.scan_mem_multiplier
  idle_in_transaction_session_timeout idle_session_timeout intervalstyle ivfflat.iterative_scan
  ivfflat.max_probes ivfflat.probes jit jit_above_cost join_collapse_limit lc_monetary lc_numeric lc_time
  lock_timeout maintenance_work_mem max_parallel_maintenance_workers max_parallel_workers
  max_parallel_workers_per_gather min_parallel_index_scan_size min_parallel_table_scan_size
  parallel_leader_participation parallel_setup_cost parallel_tuple_cost pg_trgm.similarity_threshold
  pg_trgm.strict_word_similarity_threshold pg_trgm.word_similarity_threshold plan_cache_mode
  random_page_cost recursive_worktable_factor seq_page_cost statement_timeout synchronize_seqscans
  synchronous_commit tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval
  tcp_user_timeout timezone transaction_deferrable transaction_isolation transaction_read_only
  transaction_timeout vacuum_cost_delay work_mem`.split(/\s+/),
)

/** Settings that must keep the one meaning that the gateway parses by. */
const pinned: ReadonlyMap<string, RegExp> = new Map([
  ['client_encoding', /^["']?(utf-?8|unicode)["']?$/i],
  ['standard_conforming_strings', /^(on|true|yes|1)$/i],
])

/** Settings that anyone may read and nobody may set here. */
const readable = new Set(
  `search_path server_version server_version_num server_encoding max_identifier_length integer_datetimes
  is_superuser session_authorization role in_hot_standby lc_collate lc_ctype block_size
  max_index_keys array_nulls backslash_quote escape_string_warning default_text_search_config
  data_checksums transform_null_equals password_encryption ssl max_connections
  default_table_access_method default_tablespace row_security check_function_bodies
  wal_level`.split(/\s+/),
)

/** May `SET name = value` (or set_config, or a start-up parameter) pass? `null`: a value not known yet. */
export function settingAllowed(name: string, value: string | null): boolean {
  const folded = name.toLowerCase()
  const pin = pinned.get(folded)
  if (pin !== undefined) return value !== null && pin.test(value)
  return free.has(folded) || folded.startsWith('sluice.')
}

/** May `RESET name` pass? It goes back to what the gateway itself set at the start. */
export function settingResettable(name: string): boolean {
  const folded = name.toLowerCase()
  return free.has(folded) || pinned.has(folded) || folded.startsWith('sluice.')
}

/** May `SHOW name` or `current_setting(name)` pass? */
export function settingReadable(name: string): boolean {
  const folded = name.toLowerCase()
  return free.has(folded) || pinned.has(folded) || readable.has(folded) || folded.startsWith('sluice.')
}
