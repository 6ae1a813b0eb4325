import { operators } from '../functions.ts'
import { strings, type Fields } from './node.ts'
import { closed } from './objection.ts'
import { candidates } from './path.ts'
import type { Context } from './scope.ts'

/** An operator that only computes: the server's own, or a trusted extension's. */
export function checkOperator(names: readonly string[], cx: Context): void {
  const [first = '', second = ''] = names
  if (names.length === 1) unqualified(first, cx)
  else if (names.length === 2) qualified(first, second, cx)
  else closed('An operator of more than two names')
}

/** What `checkOperator` checks, written in a field of a node; absent where the grammar means `=`. */
export function checkNamedOperator(fields: Fields, name: string, cx: Context): void {
  const names = strings(fields, name)
  checkOperator(names.length === 0 ? ['='] : names, cx)
}

function unqualified(name: string, cx: Context): void {
  const installed = candidates(cx.catalogue.operators.get(name), cx)
  const known = operators.has(name) || installed.length > 0
  if (!known || !installed.every(({ trusted }) => trusted)) closed(`The operator ${name}`)
}

function qualified(schema: string, name: string, cx: Context): void {
  if (schema === 'pg_catalog' && operators.has(name)) return
  const installed = (cx.catalogue.operators.get(name) ?? []).filter((operator) => operator.schema === schema)
  if (installed.length === 0 || !installed.every(({ trusted }) => trusted)) closed(`The operator ${name}`)
}
