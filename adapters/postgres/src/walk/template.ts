import { hash } from 'node:crypto'
import { saysSecret } from '@sluice/core'
import { grammar } from './grammar.ts'
import { constantOf, isFields, nodeOf, text, type Constant, type Fields } from './node.ts'
import { closed, tooComplex } from './objection.ts'
import type { Budget } from './findings.ts'
import { sqlLimits } from '../limits.ts'

/** A statement without its literals, and the literals in their order. */
export interface Template {
  /** SHA-256 over the tree without literals and positions. */
  readonly hash: string
  readonly literals: readonly Constant[]
}

/** Where a node stood in the text: no part of what it means. */
const positions = new Set(['location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end'])

/**
 * The gate of the closed world: every node and field of the tree is one that `grammar.ts` lists, or the statement is
 * refused. What passes has bounded depth and size, so that everything after it may recurse and trust the shape.
 */
export function templateOf(statement: unknown, budget: Budget): Template {
  const reader = new Reader(budget)
  reader.node(statement, 0)
  return { hash: hash('sha256', reader.text), literals: reader.literals }
}

class Reader {
  readonly literals: Constant[] = []
  /** Canonical: lengths before texts and brackets around nodes leave one reading only. */
  text = ''
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  node(value: unknown, depth: number): void {
    const { type, fields } = nodeOf(value)
    if (type === 'A_Const') this.#constant(fields)
    else if (type === '') this.text += '~'
    else this.#fields(type, fields, depth)
  }

  #fields(type: string, fields: Fields, depth: number): void {
    if (depth > sqlLimits.statementDepthMax) tooComplex('levels')
    this.#budget.node()
    const shape = grammar.get(type) ?? closed(`The construct ${type}`)
    this.text += `(${type}`
    for (const name in fields) {
      const kind = shape.get(name)
      if (kind === undefined) {
        if (positions.has(name)) continue
        closed(`The part ${name} of the construct ${type}`)
      }
      const value = fields[name]
      // The parser repeats the source of `(a, b) = …` in each of its columns.
      if (type === 'MultiAssignRef' && name === 'source' && fields['colno'] !== 1) continue
      this.text += ` ${name}`
      const before = this.text
      if (kind === 'scalar') this.#scalar(value)
      else if (kind === 'literal') this.#literal(value)
      else if (kind === 'node') this.#nodes(value, depth + 1)
      else if (isFields(value)) this.#fields(kind, value, depth + 1)
      else closed('A parse tree of unknown shape')
      // Read like any other, but the hash is not sealed: by it a password could be guessed.
      if (type === 'DefElem' && name === 'arg' && saysSecret(text(fields, 'defname')))
        this.text = `${before}?`
    }
    this.text += ')'
  }

  #nodes(value: unknown, depth: number): void {
    if (!Array.isArray(value)) {
      this.node(value, depth)
      return
    }
    this.text += '['
    for (const item of value) this.node(item, depth)
    this.text += ']'
  }

  #scalar(value: unknown): void {
    if (typeof value === 'string') this.text += `"${String(value.length)}:${value}`
    else if (typeof value === 'number' || typeof value === 'boolean') this.text += `=${String(value)}`
    else closed('A parse tree of unknown shape')
  }

  #literal(value: unknown): void {
    if (typeof value !== 'string' && typeof value !== 'number') closed('A parse tree of unknown shape')
    else this.literals.push(value)
  }

  #constant(fields: Fields): void {
    this.#budget.node()
    const value = constantOf(fields)
    this.literals.push(value)
    this.text += value === null ? '?null' : '?'
  }
}
