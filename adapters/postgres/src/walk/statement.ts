import { copy } from './copy.ts'
import * as definition from './definition.ts'
import { labelOf, type Label } from './label.ts'
import { strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import * as prepared from './prepared.ts'
import type { Context } from './scope.ts'
import * as session from './session.ts'
import { alterTable, createIndex, createStatistics, createTable } from './table.ts'
import { intoOf, queryStatement, type Outcome } from './top.ts'
import type { SessionEffect } from '../statement.ts'

type Walk = (fields: Fields, cx: Context) => SessionEffect

/** Statements whose label follows from their text alone. */
const walks: ReadonlyMap<string, Walk> = new Map<string, Walk>([
  ['TransactionStmt', session.transaction],
  ['VariableSetStmt', session.set],
  ['VariableShowStmt', session.show],
  ['ConstraintsSetStmt', session.setConstraints],
  ['DeallocateStmt', session.deallocate],
  ['DiscardStmt', session.discard],
  ['NotifyStmt', session.notify],
  ['ListenStmt', session.listen],
  ['UnlistenStmt', session.listen],
  ['LockStmt', session.lock],
  ['VacuumStmt', session.maintenance],
  ['ReindexStmt', session.maintenance],
  ['ClusterStmt', session.cluster],
  ['CheckPointStmt', session.maintenance],
  ['ExecuteStmt', prepared.execute],
  ['DeclareCursorStmt', prepared.declareCursor],
  ['FetchStmt', prepared.fetch],
  ['ClosePortalStmt', prepared.closeCursor],
  ['CreateStmt', createTable],
  ['IndexStmt', createIndex],
  ['CreateStatsStmt', createStatistics],
  ['AlterTableStmt', alterTable],
  ['ViewStmt', definition.createView],
  ['CreateTableAsStmt', definition.createTableAs],
  ['CreateSeqStmt', definition.createSequence],
  ['AlterSeqStmt', definition.alterSequence],
  ['RefreshMatViewStmt', definition.refreshView],
  ['CreateSchemaStmt', (fields, cx) => definition.object(text(fields, 'schemaname'), cx)],
  ['CreateExtensionStmt', (fields, cx) => definition.object(text(fields, 'extname'), cx)],
  ['CreateEnumStmt', definition.createEnum],
  ['CompositeTypeStmt', definition.createComposite],
  ['CreateRangeStmt', definition.createRange],
  ['CreateDomainStmt', definition.createDomain],
  ['AlterEnumStmt', (fields, cx) => definition.object(strings(fields, 'typeName').join('.'), cx)],
  ['DropStmt', definition.drop],
  ['TruncateStmt', definition.truncate],
  ['RenameStmt', definition.rename],
  ['AlterObjectSchemaStmt', definition.setSchema],
  ['CommentStmt', definition.comment],
  ['GrantStmt', definition.grant],
  ['GrantRoleStmt', definition.grantRole],
])

/** Walks one statement that passed the gate of `template.ts`; throws an Objection when it leaves the closed world. */
export function walk(node: Node, cx: Context): Outcome {
  const { type, fields } = node
  const label = labelOf(type, fields)
  switch (type) {
    case 'SelectStmt':
      return selection(node, cx)
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
      return queryStatement(node, cx)
    case 'CopyStmt':
      return copy(fields, label, cx)
    case 'PrepareStmt':
      return prepared.prepare(fields, label, cx)
    case 'ExplainStmt':
      return prepared.explain(fields, label, cx)
    default:
      return { label, effect: other(type, fields, cx) }
  }
}

function other(type: string, fields: Fields, cx: Context): SessionEffect {
  const walkIt = walks.get(type)
  return walkIt === undefined ? closed(`The statement ${type}`) : walkIt(fields, cx)
}

/** SELECT … INTO is CREATE TABLE AS in an older dress. */
function selection(node: Node, cx: Context): Outcome {
  const into = intoOf(node.fields)
  if (into === null) return queryStatement(node, cx)
  cx.found.into = into
  const label: Label = { name: 'sql.ddl', kind: 'select_into' }
  return { label, effect: definition.createInto(node, into, cx) }
}
