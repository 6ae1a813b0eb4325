import { recordedActions, touchedBy } from '@sluice/core'

/** What somebody did for the first time. */
export interface FirstAccess {
  readonly subject: string
  readonly target: string
  readonly action: string
  /** `schema.name`; `null` for an action that touches none. */
  readonly table: string | null
  readonly times: number
  readonly first_ms: number
  /** The first decision, to be looked up. */
  readonly decision: string
}

interface Occasion {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly decision: string
  /** Whether it lies in the period that is reported. */
  readonly counts: boolean
}

/** The first time of each subject, target, action and table, and how often it was within the period. */
export class FirstAccesses {
  readonly #found = new Map<string, FirstAccess & { times: number }>()

  /** `actions`: what was allowed, as JSON. */
  add(
    actions: string,
    { subject, target }: Pick<FirstAccess, 'subject' | 'target'>,
    { time: first_ms, decision, counts }: Occasion,
  ): void {
    for (const { action, table } of touched(actions)) {
      const key = JSON.stringify([subject, target, action, table])
      const known = this.#found.get(key)
      const times = counts ? 1 : 0
      if (known !== undefined) known.times += times
      else this.#found.set(key, { subject, target, action, table, times, first_ms, decision })
    }
  }

  since(ms: number): readonly FirstAccess[] {
    return [...this.#found.values()].filter(({ first_ms }) => first_ms >= ms)
  }
}

interface Touched {
  readonly action: string
  readonly table: string | null
}

function touched(actions: string): readonly Touched[] {
  return recordedActions(actions).flatMap((action): readonly Touched[] => {
    const tables = touchedBy(action)
    const { name } = action
    return tables.length === 0
      ? [{ action: name, table: null }]
      : tables.map((table) => ({ action: name, table }))
  })
}
