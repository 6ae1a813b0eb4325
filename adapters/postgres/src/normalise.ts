import { hash } from 'node:crypto'
import { refusal, refusalOf, type Refusal } from '@sluice/core'
import type { KnownNames } from './catalogue.ts'
import { positioned, positionOf } from './position.ts'
import type { Analysis, NameScope, RelationName, SessionEffect, Statement } from './statement.ts'
import { statementOf } from './walk/build.ts'
import { isEffectFree } from './walk/effect-free.ts'
import { Budget, Findings, keyOf } from './walk/findings.ts'
import { labelOf } from './walk/label.ts'
import { isFields, nodeOf, type Node } from './walk/node.ts'
import { closedRefusal, Objection } from './walk/objection.ts'
import { walk } from './walk/statement.ts'
import { templateOf, type Template } from './walk/template.ts'
import { settleOrders } from './walk/top.ts'
import { sqlLimits } from './limits.ts'

/** The closed list of what a statement can be; `schemas/actions/postgres.json` says what each means. */
export const actions: readonly string[] = [
  'sql.select',
  'sql.insert',
  'sql.update',
  'sql.delete',
  'sql.merge',
  'sql.truncate',
  'sql.copy_in',
  'sql.copy_out',
  'sql.ddl',
  'sql.explain',
  'sql.cursor',
  'sql.prepare',
  'sql.execute',
  'sql.deallocate',
  'sql.transaction',
  'sql.set',
  'sql.show',
  'sql.lock',
  'sql.maintenance',
  'sql.notify',
  'sql.listen',
  'sql.call',
  'sql.other',
]

/**
 * Says of one SQL message, given as libpg_query's tree, what each statement in it does. Pure and bounded: the work
 * is counted, not timed. What it cannot vouch for comes back as an objection, never as a guess. `text` is what was parsed,
 * in UTF-8: an unknown name has its place there.
 */
export function normalise(
  tree: unknown,
  names: NameScope,
  catalogue: KnownNames,
  text: Uint8Array = noText,
): Analysis {
  const list = isFields(tree) ? (tree['stmts'] ?? []) : null
  if (!Array.isArray(list))
    return { statements: [], objection: closedRefusal('A parse tree of unknown shape') }
  if (list.length > sqlLimits.statementsPerMessageMax) return { statements: [], objection: tooMany }
  const message = new Message(names, catalogue, text)
  const statements = Array.from(list, (item: unknown) =>
    message.statement(isFields(item) ? item['stmt'] : null),
  )
  return message.analysis(statements)
}

const noText = new Uint8Array()

const tooMany = refusal('too_large', 'adapter/limits', 'The message has too many statements', '54001')

/** The statements of one message change names for the ones behind them. */
class Message {
  readonly #catalogue: KnownNames
  readonly #budget = new Budget()
  readonly #created: Map<string, RelationName>
  readonly #reshaped: Set<string>
  readonly #objections: { readonly refusal: Refusal; readonly unknownName: boolean }[] = []
  readonly #text: Uint8Array
  #names: NameScope
  #moved: boolean

  constructor(names: NameScope, catalogue: KnownNames, text: Uint8Array) {
    this.#text = text
    this.#names = names
    this.#moved = names.moved ?? false
    this.#catalogue = catalogue
    this.#created = new Map((names.created ?? []).map((relation) => [keyOf(relation), relation]))
    this.#reshaped = new Set((names.reshaped ?? []).map(keyOf))
  }

  statement(wrapped: unknown): Statement {
    const found = new Findings(this.#budget)
    let node: Node = { type: '', fields: {} }
    let template: Template | null = null
    try {
      node = nodeOf(wrapped)
      template = templateOf(wrapped, this.#budget)
      const cx = {
        catalogue: this.#catalogue,
        names: this.#names,
        found,
        created: this.#created,
        reshaped: this.#reshaped,
        moved: this.#moved,
      }
      const { label, effect } = walk(node, cx)
      settleOrders([], cx)
      this.#follow(effect)
      const effectFree = effect.kind === 'none' && isEffectFree(label, found, this.#catalogue)
      return statementOf(label, effect, template, found, effectFree)
    } catch (error) {
      this.#objections.push(objectionOf(error, this.#text))
      const { type, fields } = node
      // What else the log may know of it: nothing of a text that may hold a secret.
      return statementOf(
        labelOf(type, fields),
        { kind: 'none' },
        template ?? unknownTemplate(type),
        cautious(found),
      )
    }
  }

  #follow(effect: SessionEffect): void {
    if (effect.kind === 'temp_table')
      this.#names = { ...this.#names, tempTables: new Set([...this.#names.tempTables, effect.name]) }
    if (effect.kind === 'search_path')
      this.#names = { ...this.#names, searchPaths: [...this.#names.searchPaths, effect.schemas] }
    if (effect.kind !== 'ddl') return
    for (const relation of effect.reshapes ?? []) this.#reshaped.add(keyOf(relation))
    this.#moved ||= effect.moves === true
  }

  /** A statement outside the closed world outweighs one with a name that may only be new. */
  analysis(statements: readonly Statement[]): Analysis {
    const objection = this.#objections.find(({ unknownName }) => !unknownName) ?? this.#objections[0]
    if (objection === undefined) return { statements, objection: null }
    return objection.unknownName
      ? { statements, objection: objection.refusal, unknownName: true }
      : { statements, objection: objection.refusal }
  }
}

function objectionOf(
  error: unknown,
  text: Uint8Array,
): { readonly refusal: Refusal; readonly unknownName: boolean } {
  const refusal = refusalOf(error)
  if (!(error instanceof Objection)) return { refusal, unknownName: false }
  const { unknownName, location } = error
  return { refusal: positioned(refusal, positionOf(location, text)), unknownName }
}

function unknownTemplate(type: string): Template {
  return { hash: hash('sha256', type), literals: [] }
}

/** Half a walk proves nothing: least of all that nothing changes. */
function cautious(found: Findings): Findings {
  found.readOnly = false
  return found
}
