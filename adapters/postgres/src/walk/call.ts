import type { Callable } from './function.ts'
import { castByName } from './cast-by-name.ts'
import { callable } from './function.ts'
import { lineage, lineages, presence, told } from './expression.ts'
import { child, children, flag, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { predicate } from './predicate.ts'
import { isShort, quietArguments } from './quiet.ts'
import type { RelationName, Source } from '../statement.ts'
import { keyOf } from './findings.ts'
import { locateName, touch } from './relation.ts'
import { anyOf, note, union, type Lineage } from './lineage.ts'
import type { Context, Scope } from './scope.ts'
import { checkCurrentSetting, checkSetConfig, isParameter, literal } from './setting.ts'
import { checkNamedOperator } from './operator.ts'

/** A call: who is called, and the columns that its value may tell of. */
export interface Called extends Callable {
  readonly lineage: Lineage
}

/** A function call: who is called, what that does, and what becomes of the expressions it is given. */
export function call(fields: Fields, scope: Scope, cx: Context): Called {
  const called = callable(strings(fields, 'funcname'), cx)
  cx.found.functions.add(called.name)
  effects(called, fields, cx)
  const filter = child(fields, 'agg_filter')
  if (filter !== null) predicate(filter, scope, cx)
  const over = part(fields, 'over')
  if (over !== null) window(over, scope, cx)
  const args = children(fields, 'args')
  const counts = called.name === 'count' && args.length === 1 && !flag(fields, 'agg_distinct')
  const given = counts ? presence(args[0] ?? null, scope, cx) : passed(called, args, fields, scope, cx)
  if (args.length === 1) castByName(strings(fields, 'funcname').at(-1) ?? '', given, cx)
  return { ...called, lineage: union([given, ordered(fields, scope, cx), rowsOf(called, cx)], cx) }
}

/** What is given to a function that may fail by it is told of as by a condition; what it keeps is out of sight. */
function passed(called: Callable, args: readonly Node[], fields: Fields, scope: Scope, cx: Context): Lineage {
  const quiet = quietArguments(called.name, fields, scope, cx)
  return union(
    args.map((arg, at) => {
      const given = lineage(arg, scope, cx)
      if (quiet[at] !== true) note(given, placeOf(called), cx)
      return given
    }),
    cx,
  )
}

/**
 * What a function of the database's own reads and changes, by the word of its operator: its value may tell of all of it.
 * Unless its operator says that it does not, so may how many rows it has, whether it fails and how long it takes.
 */
export function rowsOf({ own }: Callable, cx: Context): Lineage {
  if (own === undefined) return []
  if (own.changes.length > 0) cx.found.readOnly = false
  const behind = [
    ...own.reads.map((name) => rowsBehind(name, 'read', cx)),
    ...own.changes.map((name) => rowsBehind(name, 'update', cx)),
  ]
  if (!own.quiet) note(behind, 'predicate', cx)
  return behind
}

function rowsBehind(name: RelationName, access: 'read' | 'update', cx: Context): Source {
  const known = cx.catalogue.relations.get(keyOf(name))
  if (known === undefined) closed(`A function whose relation ${name.schema}.${name.name} does not exist`)
  touch({ kind: 'known', relation: known, namesakes: [] }, access, cx, ['*'])
  return anyOf(known.name)
}

/** What a function that does more than to compute makes of a value is seen nowhere in its own. */
export function placeOf({ class: kind, own }: Callable): 'predicate' | 'elsewhere' {
  if (own !== undefined && own.changes.length > 0) return 'elsewhere'
  return kind === 'pure' || kind === 'aggregate' || kind === 'introspection' ? 'predicate' : 'elsewhere'
}

/** ORDER BY within the call; behind WITHIN GROUP it is what is aggregated. */
function ordered(fields: Fields, scope: Scope, cx: Context): Lineage {
  const items = children(fields, 'agg_order')
  const keys = items.map((item) => sortKey(item, cx)).filter((key) => key !== null)
  if (!flag(fields, 'agg_within_group')) {
    told(keys, 'predicate', scope, cx)
    return []
  }
  const found = lineages(keys, scope, cx)
  if (!keys.every((key) => isShort(key, scope, cx))) note(found, 'predicate', cx)
  return found
}

/** Functions of the class `sequence` that move nothing. */
const sequenceReads = new Set(['currval', 'lastval', 'pg_sequence_last_value'])

function effects({ name, class: kind }: Callable, fields: Fields, cx: Context): void {
  if (kind === 'lock') cx.found.readOnly = false
  if (kind === 'sequence') {
    if (!sequenceReads.has(name)) cx.found.readOnly = false
    sequence(literal(children(fields, 'args')[0]), cx)
  }
  if (kind === 'notification') notification(fields, cx)
  if (name === 'set_config') checkSetConfig(fields, cx)
  if (name === 'current_setting') checkCurrentSetting(fields)
  if (populates.test(name)) checkPopulated(fields)
}

const populates = /^jsonb?_populate_record/

/** A row of the type of its first argument is made of a document, by whatever that type runs: it must be a cast that is judged. */
function checkPopulated(call: Fields): void {
  const [row] = children(call, 'args')
  if (row?.type !== 'TypeCast' || literal(row) !== null) closed('A row of a type that is not NULL::type')
}

/**
 * `pg_notify(channel, payload)` as a statement of its own, of constants and parameters: what it says can then be no
 * more than what NOTIFY says. A channel that is a parameter is not known yet.
 */
function notification(call: Fields, cx: Context): void {
  const args = children(call, 'args')
  if (cx.found.loneCall !== call || !args.every((arg) => isParameter(arg) || literal(arg) !== undefined))
    closed('The function pg_notify within a larger statement')
  cx.found.notifies = true
  cx.found.readOnly = false
  const channel = literal(args[0])
  if (typeof channel === 'string') cx.found.objects.add(channel)
}

const qualifiedName = /^(?:("?)([^".]+)\1\.)?("?)([^".]+)\3$/

/** `nextval('schema.sequence')`: noted where the literal is a plain name; the server finds any other. */
function sequence(name: unknown, cx: Context): void {
  const match = typeof name === 'string' ? qualifiedName.exec(name) : null
  if (match === null) return
  const [, schemaQuote, schema = '', nameQuote, plain = ''] = match
  const located = locateName(folded(schema, schemaQuote), folded(plain, nameQuote), cx)
  if (located.kind !== 'absent') touch(located, 'read', cx)
}

function folded(name: string, quote: string | undefined): string {
  return quote === '"' ? name : name.toLowerCase()
}

/** OVER (…) or an element of WINDOW. */
export function window(fields: Fields, scope: Scope, cx: Context): void {
  told(children(fields, 'partitionClause'), 'predicate', scope, cx)
  for (const item of children(fields, 'orderClause')) told(sortKey(item, cx), 'predicate', scope, cx)
  for (const name of ['startOffset', 'endOffset']) told(child(fields, name), 'predicate', scope, cx)
}

/** A key of ORDER BY inside a call or a window: there, a number or an alias has no special meaning. */
function sortKey({ fields }: Node, cx: Context): Node | null {
  sortOperator(fields, cx)
  return child(fields, 'node')
}

/** ORDER BY … USING operator. */
export function sortOperator(sortBy: Fields, cx: Context): void {
  if (text(sortBy, 'sortby_dir') === 'SORTBY_USING') checkNamedOperator(sortBy, 'useOp', cx)
}
