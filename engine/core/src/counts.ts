import type { EventBody } from './decider.ts'
import { limits } from './limits.ts'
import { StoreError, type Clock } from './ports.ts'

export interface CountPorts<Count> {
  readonly clock: Pick<Clock, 'after'>
  readonly event: (count: Count) => EventBody
  readonly append: (bodies: readonly EventBody[]) => Promise<unknown>
  readonly report: (what: string, error: unknown) => void
}

/**
 * What is counted instead of recorded: one event in `limits.countedMs` while it lasts. A count that the log did not take
 * is kept as it is and tried again, since its callers may have been told its reference.
 */
export class Counts<Count> {
  readonly #ports: CountPorts<Count>
  #growing: Count | undefined
  /** Before the last words one at most: until it is taken the growing one grows on. */
  #refused: readonly Count[] = []
  #willTell = false

  constructor(ports: CountPorts<Count>) {
    this.#ports = ports
  }

  /** The one that grows now. */
  current(begin: () => Count): Count {
    this.#growing ??= begin()
    this.#tellLater()
    return this.#growing
  }

  /** Everything that is not yet told, in one append with `last`. What the log does not take of it is still tried again. */
  async finish(last: readonly EventBody[]): Promise<void> {
    const counts = [...this.#refused, ...this.#grown()]
    this.#refused = []
    await this.#tell(counts, last)
  }

  #tellLater(): void {
    if (this.#willTell) return
    this.#willTell = true
    const { clock, report } = this.#ports
    clock.after(limits.countedMs, () => {
      this.#willTell = false
      const counts = this.#refused.length > 0 ? this.#refused : this.#grown()
      this.#refused = []
      this.#tell(counts, []).catch((error: unknown) => report('what was counted was not recorded', error))
    })
  }

  #grown(): readonly Count[] {
    const count = this.#growing
    this.#growing = undefined
    return count === undefined ? [] : [count]
  }

  async #tell(counts: readonly Count[], last: readonly EventBody[]): Promise<void> {
    const bodies = [...counts.map((count) => this.#ports.event(count)), ...last]
    if (bodies.length === 0) return
    try {
      await this.#ports.append(bodies)
      if (this.#growing !== undefined || this.#refused.length > 0) this.#tellLater()
    } catch (error) {
      if (counts.length > 0 && mayTryAgain(error)) {
        this.#refused = [...this.#refused, ...counts]
        this.#tellLater()
      }
      throw error
    }
  }
}

/** What came too late still lands, and a closed log takes nothing any more. */
function mayTryAgain(error: unknown): boolean {
  return !(error instanceof StoreError && (error.reason === 'deadline' || error.reason === 'closed'))
}

/** Counts by name, of which so many are told apart and the rest is `other`. */
export class Shares {
  readonly #counts = new Map<string, number>()

  add(name: string): void {
    const known = this.#counts.has(name) || this.#counts.size < limits.countedNamesMax
    const by = known ? name : rest
    this.#counts.set(by, (this.#counts.get(by) ?? 0) + 1)
  }

  list(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts]
  }
}

const rest = 'other'
