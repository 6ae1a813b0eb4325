import { Passage, type Clock, type Station, type Traveller } from '@sluice/core'

/** Passages of exchanges that took the time that a test says. */

export const startedMs = 1_700_000_000_000

/** It stands still unless it is told to go on. */
export class ScriptedClock implements Clock {
  #ms = 0

  now(): number {
    return startedMs + this.#ms
  }

  monotonic(): number {
    return this.#ms
  }

  after(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  pass(ms: number): void {
    this.#ms += ms
  }
}

export const traveller: Traveller = {
  exchange: 'exc_1',
  session: 'ses_1',
  protocol: 'postgres',
  target: 'shop',
  action: 'sql.select',
  run: { id: null, trace_id: null },
}

export const allowed = { kind: 'allowed', rule: 'starter/reads', revision: 'r1' } as const

/** Through stations one after another, each for so many milliseconds. */
export function passageThrough(
  clock: ScriptedClock,
  stays: readonly (readonly [Station, number])[],
  of: Partial<Traveller> = {},
): Passage {
  const passage = new Passage({ ...traveller, ...of }, clock, clock.monotonic())
  for (const [station, ms] of stays) {
    passage.arrive(station)
    clock.pass(ms)
  }
  return passage
}
