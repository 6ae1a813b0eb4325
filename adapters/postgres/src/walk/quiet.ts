import { child, children, constantOf, flag, part, strings, type Fields, type Node } from './node.ts'
import { keyOf } from './findings.ts'
import { callable } from './function.ts'
import { plainColumn } from './predicate.ts'
import type { Source } from '../statement.ts'
import { isScalar } from './scalar.ts'
import { reference } from './names.ts'
import type { Context, Scope } from './scope.ts'
import { isText } from './type.ts'

/**
 * Functions that tell nothing of their arguments but by their value: for whatever they are given they give one value, at
 * once, and of a size that does not depend on what is in it. Whoever sees whether another one fails (`1 / x`, `x::int`,
 * LIKE with an escape at the end of its pattern), how many rows it makes or how long it takes can ask by it.
 *
 * Each with the arguments for which that holds: `v` may be anything, `c` is short (a column as it is, a constant, or
 * what such functions make of one), `k` a constant, `f` one that multiplies nothing, `i` a whole number, `e` no array,
 * `s` a column whose sum is no whole number: that of many repeated rows would leave the range of whatever it is made
 * next; `_` tells by itself.
 */
const list = `
  any_value(v) array_agg(e) array_length(v,_) ascii(v) bit_length(v) bpchar(c) cardinality(v) char_length(v)
  character_length(v) count(v) date_part(_,v) date_trunc(_,v) extract(_,v) first_value(v) initcap(v) json_agg(v)
  jsonb_agg(v) lag(v) lag(v,_) last_value(v) lead(v) lead(v,_) left(v,_) length(v) lower(v) md5(v) name(c)
  nth_value(v,_) octet_length(v) reverse(v) right(v,_) row_to_json(v) string_agg(v,k)
  substr(v,_) substr(v,_,_) substring(v,i) substring(v,i,i) text(c) to_char(v,f) to_json(v) to_jsonb(v) upper(v)
  varchar(c)
  abs(c) avg(c) ceil(c) ceiling(c) floor(c) max(c) min(c) round(c) round(c,i) sign(c) stddev(c) stddev_pop(c)
  stddev_samp(c) sum(s) trunc(c) trunc(c,i) var_pop(c) var_samp(c) variance(c)
  concat(c…) concat_ws(k,c…) json_build_array(v…) jsonb_build_array(v…) json_build_object(k,v…)
  jsonb_build_object(k,v…) json_object_agg(_,v) jsonb_object_agg(_,v)`

/** What comes out may be longer than what went in. */
const growing = /agg|build|concat|json/

const kindsOf: ReadonlyMap<string, string> = new Map(
  list
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [name = '', args = ''] = entry.split(/[()]/)
      const kinds = args.replaceAll(',', '').replace('…', '')
      return [args.endsWith('…') ? `${name} …` : `${name} ${String(kinds.length)}`, kinds]
    }),
)

/** More arguments than this are not expected of one value. */
const argumentsMax = 16

/**
 * The arguments of a call that tell nothing but by its value: none where it is not listed. `areShort`: all of them are,
 * which need not be asked again.
 */
export function quietArguments(
  name: string,
  fields: Fields,
  scope: Scope,
  cx: Context,
  areShort = false,
): readonly boolean[] {
  const args = children(fields, 'args')
  const kinds = kindsFor(name, args.length)
  const isQuiet = kinds !== undefined && !flag(fields, 'func_variadic') && restKept(kinds, args)
  const compared = flag(fields, 'agg_distinct')
  return args.map((arg, at) => {
    if (!isQuiet || !isFit(arg, kinds[at], scope, cx)) return false
    return areShort || (kinds[at] !== 'c' && !compared) || isShort(arg, scope, cx)
  })
}

function isFit(arg: Node, kind: string | undefined, scope: Scope, cx: Context): boolean {
  switch (kind) {
    case '_':
      return false
    case 'e':
      return isScalar(arg, scope, cx)
    case 's':
      return isSummed(arg, scope, cx)
    default:
      return true
  }
}

function kindsFor(name: string, count: number): string | undefined {
  return kindsOf.get(`${name} ${String(count)}`) ?? repeated(name, count)
}

/** The last kinds again: of `concat` one, of `json_build_object` a key and a value. */
function repeated(name: string, count: number): string | undefined {
  const kinds = kindsOf.get(`${name} …`)
  if (kinds === undefined || count > argumentsMax) return undefined
  const again = kinds === 'kv' ? 'kv' : kinds.slice(-1)
  return kinds.slice(0, count) + again.repeat(count).slice(0, Math.max(0, count - kinds.length))
}

function restKept(kinds: string, args: readonly Node[]): boolean {
  return args.every(({ type, fields }, at) => {
    if (kinds[at] === 'k') return type === 'A_Const'
    // `V` multiplies by powers of ten.
    if (kinds[at] === 'f') return type === 'A_Const' && !/v/i.test(String(constantOf(fields)))
    return kinds[at] !== 'i' || (type === 'A_Const' && typeof constantOf(fields) === 'number')
  })
}

/** A constant, a column of a relation as it is, or what quiet functions and casts to text make of one: never fails. */
export function isShort({ type, fields }: Node, scope: Scope, cx: Context): boolean {
  cx.found.budget.spend(1)
  switch (type) {
    case 'A_Const':
      return true
    case 'ColumnRef':
      return isPlain({ type, fields }, scope, cx)
    case 'CollateClause':
      return isShortArg(fields, scope, cx)
    case 'TypeCast': {
      const typeName = part(fields, 'typeName')
      return typeName !== null && isText(typeName, cx) && isShortArg(fields, scope, cx)
    }
    case 'FuncCall':
      return isShortCall(fields, scope, cx)
    default:
      return false
  }
}

function isShortArg(fields: Fields, scope: Scope, cx: Context): boolean {
  const arg = child(fields, 'arg')
  return arg !== null && isShort(arg, scope, cx)
}

function isPlain(node: Node, scope: Scope, cx: Context): boolean {
  return sourcesOf(node, scope, cx)?.every((source) => !smallTypes.has(typeOf(source, cx))) ?? false
}

/** The columns of relations, one for each that the name may mean; `undefined` for anything else. */
function sourcesOf(node: Node, scope: Scope, cx: Context): readonly Source[] | undefined {
  const column = plainColumn(node)
  if (column === null) return undefined
  const columns = reference(column.names, null, scope, cx, column.location)
  const isPlain = columns.every(({ from, sources }) => from === undefined && sources.length === 1)
  return isPlain ? columns.flatMap(({ sources }) => sources) : undefined
}

/** OIDs of money and interval: sums of repeated rows leave their range sooner or later, and when tells what they are. */
const smallTypes = new Set([790, 1186])

/** OIDs of int8, float8 and numeric, whose sums are of the last two. */
const summedTypes = new Set([20, 701, 1700])

function isSummed(node: Node, scope: Scope, cx: Context): boolean {
  return sourcesOf(node, scope, cx)?.every((source) => summedTypes.has(typeOf(source, cx))) ?? false
}

/** OID; 0 where nobody knows. */
function typeOf({ relation, column }: Source, { catalogue }: Context): number {
  return catalogue.relations.get(keyOf(relation))?.attributes.get(column)?.type ?? 0
}

function isShortCall(fields: Fields, scope: Scope, cx: Context): boolean {
  const { name } = callable(strings(fields, 'funcname'), cx)
  const args = children(fields, 'args')
  if (growing.test(name) || kindsFor(name, args.length) === undefined) return false
  if (!args.every((arg) => isShort(arg, scope, cx))) return false
  const quiet = quietArguments(name, fields, scope, cx, true)
  return args.every(({ type }, at) => quiet[at] === true || type === 'A_Const')
}
