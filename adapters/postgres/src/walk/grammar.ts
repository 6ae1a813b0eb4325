/**
 * The parse tree that the walker understands, as data: every node type and every field of it. A node or field that
 * is not here (a new grammar, a rare construct) is outside the closed world and its statement is refused, so that
 * a construct becomes analysable only when somebody lists it. Names are libpg_query's (`pg_query.proto`).
 *
 * `field` is a scalar, `field?` a scalar literal (no part of the template), `field*` a node or a list of nodes,
 * `field:Type` a node whose type is fixed by the grammar.
 */
const shapes: { readonly [type: string]: string } = {
  // Values and names
  String: 'sval',
  Integer: 'ival?',
  Float: 'fval?',
  Boolean: 'boolval',
  List: 'items*',
  A_Star: '',
  TypeName: 'names* typmods* typemod arrayBounds* setof',
  Alias: 'aliasname colnames*',
  DefElem: 'defnamespace defname arg* defaction',

  // Expressions
  ColumnRef: 'fields*',
  ParamRef: 'number',
  A_Expr: 'kind name* lexpr* rexpr*',
  BoolExpr: 'boolop args*',
  FuncCall:
    'funcname* args* agg_order* agg_filter* over:WindowDef agg_within_group agg_star agg_distinct func_variadic funcformat',
  A_Indices: 'is_slice lidx* uidx*',
  A_Indirection: 'arg* indirection*',
  A_ArrayExpr: 'elements*',
  TypeCast: 'arg* typeName:TypeName',
  CollateClause: 'arg* collname*',
  CaseExpr: 'arg* args* defresult*',
  CaseWhen: 'expr* result*',
  CoalesceExpr: 'args*',
  MinMaxExpr: 'op args*',
  SQLValueFunction: 'op typmod',
  NullTest: 'arg* nulltesttype',
  BooleanTest: 'arg* booltesttype',
  RowExpr: 'args* row_format',
  SubLink: 'subLinkType testexpr* operName* subselect*',
  GroupingFunc: 'args*',
  GroupingSet: 'kind content*',
  SetToDefault: '',
  CurrentOfExpr: 'cursor_name',
  MultiAssignRef: 'source* colno ncolumns',
  NamedArgExpr: 'name arg* argnumber',
  MergeSupportFunc: 'msftype',

  // Queries
  SelectStmt:
    'distinctClause* intoClause:IntoClause targetList* fromClause* whereClause* groupClause* groupDistinct ' +
    'havingClause* windowClause* valuesLists* sortClause* limitOffset* limitCount* limitOption lockingClause* ' +
    'withClause:WithClause op all larg:SelectStmt rarg:SelectStmt',
  ResTarget: 'name indirection* val*',
  SortBy: 'node* sortby_dir sortby_nulls useOp*',
  WindowDef: 'name refname partitionClause* orderClause* frameOptions startOffset* endOffset*',
  RangeVar: 'schemaname relname inh relpersistence alias:Alias',
  RangeSubselect: 'lateral subquery* alias:Alias',
  RangeFunction: 'lateral ordinality is_rowsfrom functions* alias:Alias coldeflist*',
  RangeTableSample: 'relation* method* args* repeatable*',
  JoinExpr: 'jointype isNatural larg* rarg* usingClause* quals* alias:Alias',
  WithClause: 'ctes* recursive',
  CommonTableExpr: 'ctename aliascolnames* ctematerialized ctequery*',
  IntoClause: 'rel:RangeVar colNames* options* onCommit accessMethod skipData',
  LockingClause: 'lockedRels* strength waitPolicy',

  // Changes
  InsertStmt:
    'relation:RangeVar cols* selectStmt* onConflictClause:OnConflictClause returningClause:ReturningClause ' +
    'withClause:WithClause override',
  OnConflictClause: 'action infer:InferClause targetList* whereClause*',
  InferClause: 'indexElems* whereClause* conname',
  IndexElem: 'name expr* indexcolname collation* opclass* opclassopts* ordering nulls_ordering',
  ReturningClause: 'exprs*',
  UpdateStmt:
    'relation:RangeVar targetList* whereClause* fromClause* returningClause:ReturningClause withClause:WithClause',
  DeleteStmt:
    'relation:RangeVar usingClause* whereClause* returningClause:ReturningClause withClause:WithClause',
  MergeStmt:
    'relation:RangeVar sourceRelation* joinCondition* mergeWhenClauses* returningClause:ReturningClause ' +
    'withClause:WithClause',
  MergeWhenClause: 'matchKind commandType override condition* targetList* values*',
  TruncateStmt: 'relations* restart_seqs behavior',
  CopyStmt: 'relation:RangeVar query* attlist* is_from is_program filename options* whereClause*',

  // Session
  ExplainStmt: 'query* options*',
  PrepareStmt: 'name argtypes* query*',
  ExecuteStmt: 'name params*',
  DeallocateStmt: 'name isall',
  DeclareCursorStmt: 'portalname options query*',
  FetchStmt: 'direction howMany? portalname ismove',
  ClosePortalStmt: 'portalname',
  TransactionStmt: 'kind options* savepoint_name chain',
  VariableSetStmt: 'kind name args* is_local jumble_args',
  VariableShowStmt: 'name',
  ConstraintsSetStmt: 'constraints* deferred',
  LockStmt: 'relations* mode nowait',
  NotifyStmt: 'conditionname payload?',
  ListenStmt: 'conditionname',
  UnlistenStmt: 'conditionname',
  DiscardStmt: 'target',
  VacuumStmt: 'options* rels* is_vacuumcmd',
  VacuumRelation: 'relation:RangeVar va_cols*',
  ReindexStmt: 'kind relation:RangeVar name params*',
  ClusterStmt: 'relation:RangeVar indexname params*',
  CheckPointStmt: '',
  RefreshMatViewStmt: 'concurrent skipData relation:RangeVar',

  // Definitions
  CreateStmt:
    'relation:RangeVar tableElts* constraints* oncommit if_not_exists options* accessMethod inhRelations* ' +
    'partbound:PartitionBoundSpec partspec:PartitionSpec',
  PartitionSpec: 'strategy partParams*',
  PartitionElem: 'name expr* collation* opclass*',
  PartitionBoundSpec: 'strategy is_default modulus remainder listdatums* lowerdatums* upperdatums*',
  PartitionCmd: 'name:RangeVar bound:PartitionBoundSpec concurrent',
  ColumnDef:
    'colname typeName:TypeName compression is_local is_not_null raw_default* collClause:CollateClause ' +
    'constraints* identity generated storage storage_name',
  Constraint:
    'contype conname deferrable initdeferred is_enforced skip_validation initially_valid is_no_inherit raw_expr* ' +
    'generated_when generated_kind nulls_not_distinct keys* including* exclusions* options* indexname ' +
    'access_method where_clause* pktable:RangeVar fk_attrs* pk_attrs* fk_matchtype fk_upd_action fk_del_action ' +
    'fk_del_set_cols*',
  TableLikeClause: 'relation:RangeVar options',
  IndexStmt:
    'idxname relation:RangeVar accessMethod indexParams* indexIncludingParams* options* whereClause* unique ' +
    'nulls_not_distinct concurrent if_not_exists',
  AlterTableStmt: 'relation:RangeVar cmds* objtype missing_ok',
  AlterTableCmd: 'subtype name num def* behavior missing_ok',
  RenameStmt: 'renameType relationType relation:RangeVar subname newname behavior missing_ok',
  AlterObjectSchemaStmt: 'objectType relation:RangeVar newschema missing_ok',
  CreateStatsStmt: 'defnames* stat_types* exprs* relations* if_not_exists',
  StatsElem: 'name expr*',
  ReplicaIdentityStmt: 'identity_type name',
  ObjectWithArgs: 'objname* objargs* objfuncargs* args_unspecified',
  FunctionParameter: 'name argType:TypeName mode defexpr*',
  DropStmt: 'objects* removeType behavior missing_ok concurrent',
  CommentStmt: 'objtype object* comment?',
  CreateSchemaStmt: 'schemaname if_not_exists',
  CreateSeqStmt: 'sequence:RangeVar options* if_not_exists',
  AlterSeqStmt: 'sequence:RangeVar options* missing_ok',
  ViewStmt: 'view:RangeVar aliases* query* replace options* withCheckOption',
  CreateTableAsStmt: 'query* into:IntoClause objtype is_select_into if_not_exists',
  CreateEnumStmt: 'typeName* vals*',
  CompositeTypeStmt: 'typevar:RangeVar coldeflist*',
  CreateRangeStmt: 'typeName* params*',
  CreateDomainStmt: 'domainname* typeName:TypeName collClause:CollateClause constraints*',
  AlterEnumStmt: 'typeName* oldVal newVal newValNeighbor newValIsAfter skipIfNewValExists',
  CreateExtensionStmt: 'extname if_not_exists options*',
  GrantStmt: 'is_grant targtype objtype objects* privileges* grantees* grant_option behavior',
  AccessPriv: 'priv_name cols*',
  RoleSpec: 'roletype rolename',
  GrantRoleStmt: 'granted_roles* grantee_roles* is_grant opt* behavior',
}

/** How a field is read: `scalar`, `literal`, `node`, or the name of a fixed type. */
export type FieldKind = string

function shapeOf(text: string): ReadonlyMap<string, FieldKind> {
  const fields = text === '' ? [] : text.split(' ')
  return new Map(
    fields.map((field): [string, FieldKind] => {
      if (field.endsWith('*')) return [field.slice(0, -1), 'node']
      if (field.endsWith('?')) return [field.slice(0, -1), 'literal']
      const [name = '', type = 'scalar'] = field.split(':')
      return [name, type]
    }),
  )
}

/** Node type → field → how it is read. */
export const grammar: ReadonlyMap<string, ReadonlyMap<string, FieldKind>> = new Map(
  Object.entries(shapes).map(([type, text]) => [type, shapeOf(text)]),
)
