import { refusal, Refused, type Clock, type Finding, type Target } from '@sluice/core'
import { isoTime } from './iso-time.ts'

/** One attempt to log in at a target, as a session would. */
export interface TargetProbe {
  readonly at: string
  /** A subject id. */
  readonly by: string
  readonly findings: readonly Finding[]
}

/**
 * What attempts to log in at targets found, in the memory of this gateway. One at a time for each target: whoever asks
 * meanwhile is told so.
 */
export class TargetProbes {
  readonly #clock: Pick<Clock, 'now'>
  /** Another target that takes over a name starts without any. */
  readonly #latest = new WeakMap<Target, TargetProbe>()
  readonly #running = new WeakSet<Target>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  latest(target: Target): TargetProbe | undefined {
    return this.#latest.get(target)
  }

  /** Throws `Refused('too_many')`. */
  async probe(target: Target, by: string, ask: () => Promise<readonly Finding[]>): Promise<TargetProbe> {
    if (this.#running.has(target))
      throw new Refused(
        refusal('too_many', 'api/target', 'It is being tried already: look again in a moment.'),
      )
    this.#running.add(target)
    try {
      const findings = await ask()
      const probe = { at: isoTime(this.#clock.now()), by, findings }
      this.#latest.set(target, probe)
      return probe
    } finally {
      this.#running.delete(target)
    }
  }
}

/** What a target is like on the whole. */
export function worstOf(findings: readonly Pick<Finding, 'state'>[]): Finding['state'] {
  const has = (wanted: Finding['state']): boolean => findings.some(({ state }) => state === wanted)
  return has('bad') ? 'bad' : has('advice') ? 'advice' : 'good'
}
