import { settingReadable, settingResettable } from '../settings.ts'
import { statementTimeout, timeoutOf } from '../statement-timeout.ts'
import type { SessionEffect } from '../statement.ts'
import { children, flag, part, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { note, wholeRows } from './lineage.ts'
import { existing, relationEntry, touch } from './relation.ts'
import type { Context } from './scope.ts'
import {
  checkSetting,
  initialPath,
  literal,
  noteSetting,
  ownSchemas,
  pathEffect,
  searchPath,
} from './setting.ts'
import { noEffect } from './top.ts'

/** Statements about the session: settings, transactions, locks and what it holds. */

const transactions = new Set(
  'BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE ROLLBACK_TO'.split(' ').map((kind) => `TRANS_STMT_${kind}`),
)

export function transaction(fields: Fields): SessionEffect {
  // A prepared transaction is finished by another session.
  if (!transactions.has(text(fields, 'kind'))) closed('A prepared transaction')
  return noEffect
}

export function set(fields: Fields, cx: Context): SessionEffect {
  const name = text(fields, 'name')
  const path = name.toLowerCase() === searchPath
  const timeout = name.toLowerCase() === statementTimeout
  const local = flag(fields, 'is_local')
  switch (text(fields, 'kind')) {
    case 'VAR_SET_VALUE': {
      const args = children(fields, 'args')
      if (path) return pathEffect(args.map(word), local, ownSchemas(cx))
      const value = args.map(word).join(', ')
      checkSetting(name, value, cx)
      return timeout ? { kind: 'timeout', ms: timeoutOf(value), local } : noEffect
    }
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
      if (path) return initialPath(local, cx)
      if (!settingResettable(name)) closed(`RESET ${name}`)
      noteSetting(name, cx)
      return timeout ? { kind: 'timeout', ms: 'initial', local } : noEffect
    case 'VAR_RESET_ALL':
      return initialPath(local, cx)
    case 'VAR_SET_MULTI':
      if (name !== 'TRANSACTION' && name !== 'SESSION CHARACTERISTICS') closed(`SET ${name}`)
      return noEffect
    default:
      return closed('SET of this form')
  }
}

function word(node: Node): string {
  const value = literal(node)
  return value === undefined || value === null ? closed('A setting that is no literal') : String(value)
}

/** When constraints are checked: at once, IMMEDIATE also checks what waited until now, which may fail and run triggers. */
export function setConstraints(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  for (const constraint of children(fields, 'constraints'))
    cx.found.objects.add(text(constraint.fields, 'relname'))
  return noEffect
}

export function show(fields: Fields, cx: Context): SessionEffect {
  const name = text(fields, 'name')
  if (!settingReadable(name)) closed(`SHOW ${name}`)
  cx.found.computed = true
  return noEffect
}

export function deallocate(fields: Fields): SessionEffect {
  return { kind: 'deallocate', name: flag(fields, 'isall') ? null : text(fields, 'name') }
}

export function discard(fields: Fields): SessionEffect {
  return text(fields, 'target') === 'DISCARD_ALL' ? { kind: 'discard_all' } : noEffect
}

export function notify(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  cx.found.objects.add(text(fields, 'conditionname'))
  return noEffect
}

export function listen(fields: Fields, cx: Context): SessionEffect {
  const channel = text(fields, 'conditionname')
  if (channel !== '') cx.found.objects.add(channel)
  return noEffect
}

export function lock(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  for (const relation of children(fields, 'relations')) touch(existing(relation.fields, cx), 'read', cx)
  return noEffect
}

/** From then on the rows come as the index has them: an ORDER BY of whatever columns those are. */
export function cluster(fields: Fields, cx: Context): SessionEffect {
  const range = part(fields, 'relation') ?? closed('CLUSTER of whatever tables there are')
  note(wholeRows([relationEntry(range, existing(range, cx), cx)], cx), 'predicate', cx)
  return maintenance(fields, cx)
}

/** VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT. */
export function maintenance(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  const single = part(fields, 'relation')
  const listed = children(fields, 'rels').map((item) => part(item.fields, 'relation'))
  const index = text(fields, 'kind') === 'REINDEX_OBJECT_INDEX'
  for (const relation of [single, ...listed]) {
    if (relation === null) continue
    // The catalogue does not list indexes.
    if (index) cx.found.objects.add(text(relation, 'relname'))
    else touch(existing(relation, cx), 'ddl', cx)
  }
  for (const name of ['name', 'indexname'])
    if (text(fields, name) !== '') cx.found.objects.add(text(fields, name))
  return noEffect
}
