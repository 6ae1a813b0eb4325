import { told } from './expression.ts'
import { child, children, part, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { operatorClass } from './operator-class.ts'
import { existing, relationEntry, touch, type Located } from './relation.ts'
import { note, wholeRows } from './lineage.ts'
import { reference } from './names.ts'
import { scopeOf, type Context, type Scope } from './scope.ts'

/**
 * Inheritance and partitions: whose rows come out with whose. A mask of one table holds for its whole family
 * (`masks.ts`), so what is asked here is what leaves a family or enters it, and what a bound tells of rows.
 */

/** A new table is empty: its parents' rows come into it only where it is a partition, which the server routes to. */
export function newChild(fields: Fields, cx: Context): void {
  const parents = children(fields, 'inhRelations').map((parent) => parent.fields)
  const bound = part(fields, 'partbound')
  for (const range of parents) {
    const parent = existing(range, cx)
    touch(parent, 'ddl', cx)
    if (bound !== null) crossed(range, parent, cx)
  }
  if (bound !== null) boundOf(bound, cx)
}

/** PARTITION BY: the key of a new table, of its own columns. */
export function partitionKey(specification: Fields, scope: Scope, cx: Context): void {
  for (const { fields } of children(specification, 'partParams')) {
    operatorClass(fields, cx)
    const name = text(fields, 'name')
    if (name !== '') reference([name], 'elsewhere', scope, cx)
    told(child(fields, 'expr'), 'elsewhere', scope, cx)
  }
}

export const familyCommands: ReadonlySet<string> = new Set(
  'AddInherit DropInherit AttachPartition DetachPartition DetachPartitionFinalize'
    .split(' ')
    .map((name) => `AT_${name}`),
)

/** ALTER TABLE … INHERIT, NO INHERIT, ATTACH PARTITION, DETACH PARTITION; `definition`: of the other table. */
export function changeFamily(definition: Node, statement: Fields, cx: Context): void {
  const { type, fields } = definition
  const range = type === 'PartitionCmd' ? part(fields, 'name') : type === 'RangeVar' ? fields : null
  if (range === null) return closed('A change of inheritance without a table')
  // The catalogue does not list indexes, and those of a partition are no more than its table has.
  if (text(statement, 'objtype') === 'OBJECT_INDEX') cx.found.objects.add(text(range, 'relname'))
  else joined(range, part(statement, 'relation') ?? closed('A change of nothing'), cx)
  const bound = part(fields, 'bound')
  if (bound !== null) boundOf(bound, cx)
}

/** From here on, or no longer, the rows of one come out with those of the other, and go where its new rows go. */
function joined(range: Fields, altered: Fields, cx: Context): void {
  const other = existing(range, cx)
  touch(other, 'ddl', cx)
  crossed(range, other, cx)
  crossed(altered, existing(altered, cx), cx)
}

/** Rows pass between tables that may have different masks; which do, or that one does not fit, tells of values. */
function crossed(range: Fields, located: Located, cx: Context): void {
  const rows = wholeRows([relationEntry(range, located, cx)], cx)
  note(rows, 'moved', cx)
  note(rows, 'predicate', cx)
}

/** FOR VALUES: computed once, of no rows. MINVALUE and MAXVALUE are parsed as names. */
function boundOf(bound: Fields, cx: Context): void {
  const limits = ['listdatums', 'lowerdatums', 'upperdatums'].flatMap((name) => children(bound, name))
  const values = limits.filter((value) => !isEdge(value))
  told(values, 'elsewhere', scopeOf([], null, null), cx)
}

function isEdge({ type, fields }: Node): boolean {
  const [name, ...more] = type === 'ColumnRef' ? children(fields, 'fields') : []
  return more.length === 0 && name !== undefined && edges.has(text(name.fields, 'sval'))
}

const edges = new Set(['minvalue', 'maxvalue'])
