import { parseHere } from '../parse.ts'
import { tokensOf } from '../redact/tokens.ts'
import type { Copied } from '../statement.ts'
import { Budget } from '../walk/findings.ts'
import { child, children, isFields, type Fields, type Node } from '../walk/node.ts'
import { templateOf } from '../walk/template.ts'
import { sqlLimits } from '../limits.ts'

/**
 * What a COPY TO copies, as a query of its own, of which the server can tell the columns. `text`: the COPY, its bytes as
 * latin1. `null` where the query in it cannot be told apart for certain.
 */
export function copiedQuery(text: string, { table }: Copied): Buffer | null {
  if (table === null) return queryWithin(text)
  const { schema, name, columns } = table
  const named = schema === '' ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
  const list = columns.length === 0 ? '*' : columns.map(quoted).join(', ')
  return Buffer.from(`select ${list} from only ${named}`)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What stands in the brackets behind COPY, if it reads alone as it reads there. */
function queryWithin(text: string): Buffer | null {
  if (text.length > sqlLimits.statementInlineBytesMax) return null
  const bytes = Buffer.from(text, 'latin1')
  const between = bracketsOf(bytes.toString())
  if (between === null) return null
  const found = bytes.subarray(...between)
  const there = queryOf(onlyStatement(bytes))
  const alone = onlyStatement(found)
  return there !== null && alone !== null && isSame(there, alone) ? found : null
}

/** Behind the first bracket and before the one that closes it, in bytes of UTF-8. */
function bracketsOf(text: string): readonly [from: number, to: number] | null {
  const [copy, open, ...rest] = tokensOf(text)?.filter(({ kind }) => kind !== 'comment') ?? []
  if (copy?.text.toLowerCase() !== 'copy' || open?.text !== '(') return null
  let depth = 1
  for (const { kind, text: sign, from } of rest) {
    if (kind !== 'sign') continue
    if (sign === '(') depth++
    else if (sign === ')' && --depth === 0) return [open.to, from]
  }
  return null
}

function onlyStatement(text: Buffer): Node | null {
  const parsed = parseHere(text.toString())
  if (parsed.kind === 'refused' || !isFields(parsed.tree)) return null
  const [statement, ...more] = children({ list: itemsOf(parsed.tree) }, 'list')
  return statement === undefined || more.length > 0 ? null : statement
}

function itemsOf(tree: Fields): unknown {
  const { stmts } = tree
  return Array.isArray(stmts) ? stmts.map((item: unknown) => (isFields(item) ? item['stmt'] : {})) : []
}

function queryOf(statement: Node | null): Node | null {
  return statement?.type === 'CopyStmt' ? child(statement.fields, 'query') : null
}

function isSame(one: Node, other: Node): boolean {
  const [first, second] = [one, other].map(({ type, fields }) => templateOf({ [type]: fields }, new Budget()))
  return first?.hash === second?.hash && JSON.stringify(first?.literals) === JSON.stringify(second?.literals)
}
