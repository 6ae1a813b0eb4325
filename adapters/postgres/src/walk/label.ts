import { flag, text, type Fields } from './node.ts'

/** What a statement is called: the action's name and its kind. */
export interface Label {
  readonly name: string
  readonly kind: string
}

/** Statements whose label follows from their type alone. */
const fixed: { readonly [type: string]: readonly [name: string, kind: string] } = {
  SelectStmt: ['sql.select', 'select'],
  InsertStmt: ['sql.insert', 'insert'],
  UpdateStmt: ['sql.update', 'update'],
  DeleteStmt: ['sql.delete', 'delete'],
  MergeStmt: ['sql.merge', 'merge'],
  TruncateStmt: ['sql.truncate', 'truncate'],
  ExplainStmt: ['sql.explain', 'explain'],
  PrepareStmt: ['sql.prepare', 'prepare'],
  ExecuteStmt: ['sql.execute', 'execute'],
  DeallocateStmt: ['sql.deallocate', 'deallocate'],
  DiscardStmt: ['sql.deallocate', 'discard'],
  UnlistenStmt: ['sql.deallocate', 'unlisten'],
  DeclareCursorStmt: ['sql.cursor', 'declare'],
  ClosePortalStmt: ['sql.cursor', 'close'],
  VariableShowStmt: ['sql.show', 'show'],
  ConstraintsSetStmt: ['sql.set', 'set_constraints'],
  LockStmt: ['sql.lock', 'lock'],
  NotifyStmt: ['sql.notify', 'notify'],
  ListenStmt: ['sql.listen', 'listen'],
  ReindexStmt: ['sql.maintenance', 'reindex'],
  ClusterStmt: ['sql.maintenance', 'cluster'],
  CheckPointStmt: ['sql.maintenance', 'checkpoint'],
  CallStmt: ['sql.call', 'call'],
  DoStmt: ['sql.other', 'do'],
  LoadStmt: ['sql.other', 'load'],
}

/** Definitions: each is `sql.ddl`. */
const definitions: { readonly [type: string]: string } = {
  CreateStmt: 'create_table',
  IndexStmt: 'create_index',
  ViewStmt: 'create_view',
  CreateSeqStmt: 'create_sequence',
  AlterSeqStmt: 'alter_sequence',
  CreateEnumStmt: 'create_type',
  AlterEnumStmt: 'alter_type',
  CompositeTypeStmt: 'create_type',
  CreateRangeStmt: 'create_type',
  RefreshMatViewStmt: 'refresh_materialized_view',
  CommentStmt: 'comment',
  SecLabelStmt: 'security_label',
  RuleStmt: 'create_rule',
  CreatedbStmt: 'create_database',
  DropdbStmt: 'drop_database',
  AlterDatabaseSetStmt: 'alter_database',
  AlterDatabaseRefreshCollStmt: 'alter_database',
  AlterRoleSetStmt: 'alter_role',
  CreatePLangStmt: 'create_language',
  CreateTrigStmt: 'create_trigger',
  CreateEventTrigStmt: 'create_event_trigger',
  AlterEventTrigStmt: 'alter_event_trigger',
  CreateForeignServerStmt: 'create_server',
  AlterForeignServerStmt: 'alter_server',
  CreateTableSpaceStmt: 'create_tablespace',
  DropTableSpaceStmt: 'drop_tablespace',
  CreateFdwStmt: 'create_foreign_data_wrapper',
  AlterFdwStmt: 'alter_foreign_data_wrapper',
  CreateAmStmt: 'create_access_method',
  CreateStatsStmt: 'create_statistics',
  AlterStatsStmt: 'alter_statistics',
  CreateOpClassStmt: 'create_operator_class',
  CreateOpFamilyStmt: 'create_operator_family',
}

/** Never fails: also for a statement that nobody can analyse, so that the log names what was tried. */
export function labelOf(type: string, fields: Fields): Label {
  const entry = fixed[type]
  if (entry !== undefined) return { name: entry[0], kind: entry[1] }
  const definition = definitions[type]
  if (definition !== undefined) return ddl(definition)
  switch (type) {
    case 'CopyStmt':
      return flag(fields, 'is_from')
        ? { name: 'sql.copy_in', kind: 'copy_in' }
        : { name: 'sql.copy_out', kind: 'copy_out' }
    case 'FetchStmt':
      return { name: 'sql.cursor', kind: flag(fields, 'ismove') ? 'move' : 'fetch' }
    case 'VacuumStmt':
      return { name: 'sql.maintenance', kind: flag(fields, 'is_vacuumcmd') ? 'vacuum' : 'analyze' }
    case 'TransactionStmt':
      return { name: 'sql.transaction', kind: transactionKind(text(fields, 'kind')) }
    case 'VariableSetStmt':
      return { name: 'sql.set', kind: text(fields, 'kind').startsWith('VAR_RESET') ? 'reset' : 'set' }
    case 'DropStmt':
      return ddl(`drop_${objectOf(text(fields, 'removeType'))}`)
    case 'CreateTableAsStmt':
      return ddl(createAsKind(fields))
    case 'AlterTableStmt':
      return ddl(`alter_${objectOf(text(fields, 'objtype'))}`)
    case 'RenameStmt':
      return ddl(`alter_${renamedObject(fields)}`)
    case 'AlterObjectSchemaStmt':
    case 'AlterOwnerStmt':
    case 'AlterObjectDependsStmt':
      return ddl(`alter_${objectOf(text(fields, 'objectType'))}`)
    case 'GrantStmt':
      return ddl(flag(fields, 'is_grant') ? 'grant' : 'revoke')
    case 'GrantRoleStmt':
      return ddl(flag(fields, 'is_grant') ? 'grant_role' : 'revoke')
    case 'CreateFunctionStmt':
      return ddl(flag(fields, 'is_procedure') ? 'create_procedure' : 'create_function')
    case 'DefineStmt':
      return ddl(`create_${objectOf(text(fields, 'kind'))}`)
    default:
      return fromType(type)
  }
}

function ddl(kind: string): Label {
  return { name: 'sql.ddl', kind }
}

function transactionKind(kind: string): string {
  const name = kind.replace(/^TRANS_STMT_/, '').toLowerCase()
  if (name === 'start') return 'begin'
  return name === 'prepare' ? 'prepare_transaction' : name
}

function createAsKind(fields: Fields): string {
  if (text(fields, 'objtype') === 'OBJECT_MATVIEW') return 'create_materialized_view'
  return flag(fields, 'is_select_into') ? 'select_into' : 'create_table_as'
}

const objectNames: { readonly [object: string]: string } = {
  matview: 'materialized_view',
  foreign_server: 'server',
  fdw: 'foreign_data_wrapper',
  tabconstraint: 'table',
  domconstraint: 'domain',
  attribute: 'type',
  statistic_ext: 'statistics',
  opclass: 'operator_class',
  opfamily: 'operator_family',
  tsconfiguration: 'text_search_configuration',
  tsdictionary: 'text_search_dictionary',
  tsparser: 'text_search_parser',
  tstemplate: 'text_search_template',
}

/** `OBJECT_FOREIGN_TABLE` → `foreign_table`. */
function objectOf(enumeration: string): string {
  const name = enumeration.replace(/^OBJECT_/, '').toLowerCase()
  return objectNames[name] ?? name
}

function renamedObject(fields: Fields): string {
  const renamed = text(fields, 'renameType')
  return objectOf(renamed === 'OBJECT_COLUMN' ? text(fields, 'relationType') : renamed)
}

/** `CreateUserMappingStmt` → `create_user_mapping`. */
function fromType(type: string): Label {
  const kind = type
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toLowerCase()
  const defines = /^(create|alter|drop|import|reassign|grant|define)_/.test(kind)
  return { name: defines ? 'sql.ddl' : 'sql.other', kind: kind === '' ? 'unknown' : kind }
}
