import { statementOf } from './build.ts'
import { labelOf, type Label } from './label.ts'
import { child, children, text, type Fields, type Node } from './node.ts'
import { told } from './expression.ts'
import { closed } from './objection.ts'
import { scopeOf, type Context } from './scope.ts'
import { createTableAs } from './definition.ts'
import { templateOf } from './template.ts'
import { isOn, noEffect, queryLabel, shownQuery, type Outcome } from './top.ts'
import { checkType } from './type.ts'
import type { SessionEffect, Statement } from '../statement.ts'

/** Statements around another one: PREPARE, EXECUTE, cursors and EXPLAIN. */

export function prepare(fields: Fields, label: Label, cx: Context): Outcome {
  for (const type of children(fields, 'argtypes')) checkType(type.fields, cx)
  const name = text(fields, 'name')
  const { body, kind } = bodyOf(fields, cx)
  return { label: { ...label, kind }, effect: { kind: 'prepare', name, body } }
}

/** The inner query with what is found of it: as a statement of its own it is judged when it is executed. */
function bodyOf(fields: Fields, cx: Context): { readonly body: Statement; readonly kind: string } {
  const node = child(fields, 'query') ?? closed('A statement about no query')
  const { label, effect } = shownQuery(node, cx)
  const template = templateOf({ [node.type]: node.fields }, cx.found.budget)
  return { body: statementOf(label, effect, template, cx.found), kind: label.kind }
}

export function execute(fields: Fields, cx: Context): SessionEffect {
  told(children(fields, 'params'), 'elsewhere', scopeOf([], null, null), cx)
  return { kind: 'execute', name: text(fields, 'name') }
}

export function declareCursor(fields: Fields, cx: Context): SessionEffect {
  return { kind: 'declare', cursor: text(fields, 'portalname'), body: bodyOf(fields, cx).body }
}

export function fetch(fields: Fields): SessionEffect {
  return { kind: 'fetch', cursor: text(fields, 'portalname') }
}

/** CLOSE without a name closes all. */
export function closeCursor(fields: Fields): SessionEffect {
  const cursor = text(fields, 'portalname')
  return { kind: 'close', cursor: cursor === '' ? null : cursor }
}

/** With ANALYZE the statement is executed, so it is the inner one; without, it only tells of what it names. */
export function explain(fields: Fields, label: Label, cx: Context): Outcome {
  const node = child(fields, 'query') ?? closed('EXPLAIN of nothing')
  const analyze = children(fields, 'options').some(
    (option) => text(option.fields, 'defname') === 'analyze' && isOn(option.fields),
  )
  const inner = explained(node, cx)
  cx.found.computed = true
  cx.found.outputs = null
  cx.found.explains = true
  if (analyze) return inner
  // What EXECUTE is given is computed all the same.
  if (inner.effect.kind === 'execute') return { label, effect: inner.effect }
  cx.found.onlyExplained()
  return { label, effect: noEffect }
}

function explained(node: Node, cx: Context): Outcome {
  const { type, fields } = node
  switch (type) {
    case 'ExecuteStmt':
      return { label: labelOf(type, fields), effect: execute(fields, cx) }
    case 'DeclareCursorStmt':
      // The cursor itself is not opened.
      shownQuery(child(fields, 'query') ?? closed('A cursor without a query'), cx)
      return { label: queryLabel(cx), effect: noEffect }
    case 'CreateTableAsStmt':
      return { label: labelOf(type, fields), effect: createTableAs(fields, cx) }
    default:
      return shownQuery(node, cx)
  }
}
