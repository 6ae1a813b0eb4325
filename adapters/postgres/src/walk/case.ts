import { lineage, told } from './expression.ts'
import { child, children, type Fields, type Node } from './node.ts'
import { checkOperator } from './operator.ts'
import { equality, isConstant, plainColumn, predicate } from './predicate.ts'
import { union, type Lineage } from './lineage.ts'
import type { Context, Scope } from './scope.ts'

/** CASE: its conditions choose what else is computed, and the value tells how they came out. */
export function caseOf(fields: Fields, scope: Scope, cx: Context): Lineage {
  const arg = child(fields, 'arg')
  const branches = children(fields, 'args').map((branch) => branch.fields)
  const otherwise = child(fields, 'defresult')
  return union(
    [
      arg === null ? conditions(branches, scope, cx) : comparisons(arg, branches, scope, cx),
      ...branches.map((branch) => optional(child(branch, 'result'), scope, cx)),
      optional(otherwise, scope, cx),
    ],
    cx,
  )
}

function conditions(branches: readonly Fields[], scope: Scope, cx: Context): Lineage {
  return union(
    branches.map((branch) => predicate(child(branch, 'expr'), scope, cx)),
    cx,
  )
}

/** `CASE arg WHEN value …`: each is compared with `=`. */
function comparisons(arg: Node, branches: readonly Fields[], scope: Scope, cx: Context): Lineage {
  checkOperator(['='], cx)
  const values = branches.map((branch) => child(branch, 'expr')).filter((value) => value !== null)
  const column = values.every(isConstant) ? plainColumn(arg) : null
  if (column === null) return told([arg, ...values], 'predicate', scope, cx)
  return union(
    values.map((value) => equality(column, { rexpr: { [value.type]: value.fields } }, scope, cx)),
    cx,
  )
}

function optional(node: Node | null, scope: Scope, cx: Context): Lineage {
  return node === null ? [] : lineage(node, scope, cx)
}
