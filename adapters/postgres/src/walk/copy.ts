import { copyFormat } from '../copy/format.ts'
import type { Copied, SessionEffect } from '../statement.ts'
import { child, children, flag, part, strings, text, type Fields } from './node.ts'
import { closed } from './objection.ts'
import { predicate } from './predicate.ts'
import { existing, relationEntry, touch } from './relation.ts'
import { record } from './lineage.ts'
import { reference } from './names.ts'
import { scopeOf, type Context } from './scope.ts'
import type { Label } from './label.ts'
import { columnsOf, touchAll } from './output.ts'
import { queryLabel, shownQuery, type Outcome } from './top.ts'

const options = new Set([
  'format',
  'freeze',
  'delimiter',
  'null',
  'default',
  'header',
  'quote',
  'escape',
  'force_quote',
  'force_not_null',
  'force_null',
  'on_error',
  'log_verbosity',
  'reject_limit',
])

/** COPY between a relation or a query and the caller; never a file or a program of the server. */
export function copy(fields: Fields, label: Label, cx: Context): Outcome {
  if (flag(fields, 'is_program')) closed('COPY with a program of the server')
  if (fields['filename'] !== undefined) closed('COPY with a file of the server')
  for (const option of children(fields, 'options')) checkOption(option.fields)
  const body = child(fields, 'query')
  if (body !== null) {
    shownQuery(body, cx)
    const changes = cx.found.verb !== 'select'
    return { label: changes ? queryLabel(cx) : label, effect: copiedOut(fields, null) }
  }
  return flag(fields, 'is_from') ? copyIn(fields, label, cx) : copyOut(fields, label, cx)
}

function checkOption(option: Fields): void {
  const name = text(option, 'defname')
  if (options.has(name)) return
  const arg = child(option, 'arg')
  const value = arg?.type === 'String' ? text(arg.fields, 'sval') : ''
  if (name !== 'encoding' || !/^utf-?8$/i.test(value)) closed(`The option ${name} of COPY`)
}

function copyIn(fields: Fields, label: Label, cx: Context): Outcome {
  cx.found.readOnly = false
  const range = part(fields, 'relation') ?? closed('COPY of nothing')
  const located = existing(range, cx)
  touch(located, 'insert', cx, strings(fields, 'attlist'))
  predicate(child(fields, 'whereClause'), scopeOf([relationEntry(range, located, cx)], null, null), cx)
  return { label, effect: { kind: 'copy_in' } }
}

/** Only the relation's own rows. What its columns are the server is asked, as for `select` of them. */
function copyOut(fields: Fields, label: Label, cx: Context): Outcome {
  const range = part(fields, 'relation') ?? closed('COPY of nothing')
  const located = existing(range, cx)
  touch(located, 'read', cx)
  const entry = relationEntry(range, located, cx)
  const columns = strings(fields, 'attlist')
  for (const column of columns) reference([entry.name, column], 'output', scopeOf([entry], null, null), cx)
  if (columns.length === 0) {
    touchAll(entry, cx)
    record(columnsOf(entry).columns, 'output', cx)
  }
  cx.found.computed = entry.open
  const table = { schema: text(range, 'schemaname'), name: text(range, 'relname'), columns }
  return { label, effect: copiedOut(fields, table) }
}

function copiedOut(fields: Fields, table: Copied['table']): SessionEffect {
  const format = copyFormat(children(fields, 'options').map((option) => option.fields))
  return { kind: 'copy_out', copied: format === null ? null : { format, table } }
}
