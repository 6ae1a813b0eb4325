import type { RelationName } from './statement.ts'

/**
 * The relations of pg_catalog that drivers, ORMs and psql read to learn the schema. Everything else there is
 * refused: pg_stats and pg_statistic hold sampled values, pg_authid and pg_user_mapping secrets, pg_stat_activity
 * other sessions' statements, pg_largeobject data.
 */
const introspection = new Set(
  `pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_available_extension_versions
  pg_available_extensions pg_cast pg_class pg_collation pg_constraint pg_conversion pg_database
  pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper
  pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_matviews pg_namespace pg_opclass pg_operator
  pg_opfamily pg_partitioned_table pg_policies pg_policy pg_proc pg_publication pg_publication_namespace
  pg_publication_rel pg_publication_tables pg_range pg_rewrite pg_roles pg_rules pg_seclabel pg_seclabels
  pg_sequence pg_sequences pg_shdepend pg_shdescription pg_statistic_ext pg_tables pg_tablespace
  pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict
  pg_ts_parser pg_ts_template pg_type pg_views`.split(/\s+/),
)

/**
 * What this session has prepared and declared, texts included: its own, and those of code that ran in it, a trigger's for
 * one, which may have put masked values into them. So they are as a view of anything.
 */
const ownStatements = new Set(['pg_cursors', 'pg_prepared_statements'])

export function showsStatements({ schema, name }: RelationName): boolean {
  return schema === 'pg_catalog' && ownStatements.has(name)
}

/** The relations of information_schema that may show options of foreign servers, which can be passwords. */
const informationSecrets =
  /^(_pg_.*|user_mapping.*|foreign_server_options|foreign_data_wrapper_options|foreign_table_options)$/

/** A relation that belongs to the server itself and may be read. */
export function isSystemRelation(relation: RelationName): boolean {
  if (relation.schema === 'pg_catalog')
    return introspection.has(relation.name) || ownStatements.has(relation.name)
  return relation.schema === 'information_schema' && !informationSecrets.test(relation.name)
}
