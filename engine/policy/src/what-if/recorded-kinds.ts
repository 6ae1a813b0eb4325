import { actionSummary, type Action, type RecordedEvent, type Relation, type Subject } from '@sluice/core'
import { isOfHost, RecordedDecisions, type RecordedDecision } from './recorded-decisions.ts'

/** Requests of the record that are alike but for their values. */
export interface RecordedKind {
  readonly what: string
  readonly actions: readonly Action[]
  readonly times: number
  readonly lastMs: number
}

/** What kinds of requests there are among the recorded ones, and who asked. Those at hosts are only counted: their values are sealed. */
export class RecordedKinds {
  readonly #decisions = new RecordedDecisions()
  readonly #kinds = new Map<string, RecordedKind & { times: number; lastMs: number }>()
  readonly #known = new Map<string, number>()
  #last: RecordedDecision | undefined
  #sealed = 0

  /** Of another target it is only noted who asked. */
  take(event: RecordedEvent, target: string): void {
    const decision = this.#decisions.take(event)
    if (typeof decision !== 'object') return
    if (this.#last === undefined || decision.timeMs >= this.#last.timeMs) this.#last = decision
    if (decision.target !== target) return
    const actions = decision.inputs.map(({ action }) => action)
    if (actions.some(isOfHost)) {
      this.#sealed += 1
      return
    }
    for (const name of actions.flatMap(namesIn)) this.#known.set(name, (this.#known.get(name) ?? 0) + 1)
    const what = actions.map((action) => actionSummary(recordedForm(action))).join(', ')
    const key = JSON.stringify(actions)
    const known = this.#kinds.get(key)
    if (known === undefined) this.#kinds.set(key, { what, actions, times: 1, lastMs: decision.timeMs })
    else {
      known.times += 1
      known.lastMs = Math.max(known.lastMs, decision.timeMs)
    }
  }

  /** Most frequent first. */
  kinds(most: number): readonly RecordedKind[] {
    return [...this.#kinds.values()].toSorted((a, b) => b.times - a.times).slice(0, most)
  }

  /** Relations and routes, the most frequent first. */
  get known(): readonly string[] {
    return [...this.#known].toSorted(([, a], [, b]) => b - a).map(([name]) => name)
  }

  /** Who asked last; `undefined` when nobody did. */
  get subject(): Subject | undefined {
    const found = this.#last?.inputs[0]?.subject
    if (found === undefined) return undefined
    const { id, type, issuer, groups, claims, on_behalf_of } = found
    return { id, type, issuer, groups, claims, on_behalf_of }
  }

  get sealed(): number {
    return this.#sealed
  }
}

const systemSchemas = new Set(['pg_catalog', 'information_schema'])

function namesIn({ relations, route }: Action): readonly string[] {
  if (typeof route === 'string') return [route]
  return relationsOf(relations)
    .filter(({ schema }) => !systemSchemas.has(schema))
    .map(({ schema, name }) => `${schema}.${name}`)
}

/** As the record tells what was touched. */
export function recordedForm({ name, relations, route }: Action): RecordedForm {
  return { name, relations: relationsOf(relations), ...(typeof route === 'string' ? { route } : {}) }
}

interface RecordedForm {
  readonly name: string
  readonly relations: readonly Relation[]
  readonly route?: string
}

function relationsOf(relations: unknown): readonly Relation[] {
  return Array.isArray(relations) ? (relations as readonly Relation[]) : []
}
