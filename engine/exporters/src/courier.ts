import { limits, type Clock } from '@sluice/core'
import { abortable } from './abortable.ts'
import { Backoff, type BackoffPorts } from './backoff.ts'
import type { DeadLetters } from './dead-letter.ts'
import type { Parcel } from './parcel.ts'
import { printable } from './printable.ts'
import { failed, type Delivery, type Sink } from './sink.ts'

export interface CourierPorts extends BackoffPorts {
  readonly name: string
  readonly clock: BackoffPorts['clock'] & Pick<Clock, 'now'>
  readonly sink: Sink
  readonly deadLetters: DeadLetters
  /** Nothing new is begun. */
  readonly leaving: AbortSignal
  /** What is under way is given up. */
  readonly abandon: AbortSignal
  readonly report: (what: string, error: unknown) => void
}

export interface Trouble {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly reason: string
}

type Batch = readonly Parcel[]

/**
 * Delivers batches until every document of them is at the receiver or among the dead letters. A batch that is refused
 * is halved until the ones to blame are alone; whatever else goes wrong is tried again for as long as it takes.
 */
export class Courier {
  readonly #ports: CourierPorts
  readonly #backoff: Backoff
  #trouble: string | null = null
  #lastTrouble: Trouble | null = null
  #refusedInRow = 0
  #deadLetters = 0

  constructor(ports: CourierPorts) {
    this.#ports = ports
    this.#backoff = new Backoff(ports)
  }

  /** Why nothing is delivered now; `null`: nothing is known against it. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** What went wrong last, also when it is over. */
  get lastTrouble(): Trouble | null {
    return this.#lastTrouble
  }

  /** Dead letters since it was made. */
  get deadLetters(): number {
    return this.#deadLetters
  }

  /** Whether all of it is dealt with; it is not when the courier left before. Never rejects. */
  async deliver(batch: Batch): Promise<boolean> {
    const waiting: Batch[] = [batch]
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      if (part.length === 0) continue
      if (this.#ports.leaving.aborted && part !== batch) return false
      const more = await this.#dealWith(part, await this.#attempt(part))
      if (more === undefined) return false
      waiting.push(...more)
    }
    return true
  }

  async #attempt(batch: Batch): Promise<Delivery> {
    const { sink, abandon } = this.#ports
    try {
      return await abortable(sink.deliver(batch, abandon), abandon)
    } catch (error) {
      return failed(error instanceof Error ? error.message : 'it could not be tried')
    }
  }

  /** What is still to be delivered, the first last; `undefined`: nothing more is tried. */
  async #dealWith(batch: Batch, delivery: Delivery): Promise<readonly Batch[] | undefined> {
    switch (delivery.kind) {
      case 'delivered':
        this.#succeeded()
        return []
      case 'failed':
        return (await this.#wait(delivery.reason, delivery.afterMs)) ? [batch] : undefined
      case 'refused': {
        const [only, ...others] = batch
        if (only !== undefined && others.length === 0)
          return (await this.#giveUp(only, delivery.reason)) ? [] : undefined
        const half = Math.ceil(batch.length / 2)
        return [batch.slice(half), batch.slice(0, half)]
      }
      case 'sorted':
        return this.#dealWithSorted(batch, delivery)
    }
  }

  async #dealWithSorted(
    batch: Batch,
    { refused, left, reason, afterMs }: Delivery & { readonly kind: 'sorted' },
  ): Promise<readonly Batch[] | undefined> {
    if (refused.length + left.length < batch.length) this.#succeeded()
    for (const { at, reason: why } of refused) {
      const parcel = batch[at]
      if (parcel !== undefined && !(await this.#giveUp(parcel, why))) return undefined
    }
    if (left.length === 0) return []
    const rest = left.flatMap((at) => batch[at] ?? [])
    return (await this.#wait(reason, afterMs)) ? [rest] : undefined
  }

  #succeeded(): void {
    const { name, report } = this.#ports
    if (this.#trouble !== null)
      report(`what is exported to ${name} arrives again`, `attempt ${this.#backoff.attempts + 1}`)
    this.#trouble = null
    this.#refusedInRow = 0
    this.#backoff.reset()
  }

  /** Whether to go on. */
  async #wait(reason: string, afterMs: number): Promise<boolean> {
    const { name, leaving, report } = this.#ports
    const shown = printable(reason)
    if (!leaving.aborted && this.#trouble === null)
      report(`nothing can be exported to ${name} now; trying again`, shown)
    this.#trouble = shown
    this.#lastTrouble = { atMs: this.#ports.clock.now(), reason: shown }
    await this.#backoff.wait(afterMs, leaving)
    return !leaving.aborted
  }

  /** Whether it is kept. When everything is refused it is the receiver that is wrong, so that this gets slow. */
  async #giveUp(parcel: Parcel, reason: string): Promise<boolean> {
    const { name, deadLetters, report } = this.#ports
    this.#refusedInRow += 1
    if (this.#refusedInRow > limits.exportRefusalsInRowMax) {
      const isGoingOn = await this.#wait(`it refuses everything: ${reason}`, limits.exportRetryMsMax)
      if (!isGoingOn) return false
    }
    for (;;) {
      try {
        await deadLetters.add(parcel, printable(reason))
        break
      } catch (error) {
        report(`a document that ${name} refused could not be kept; trying again`, error)
        if (!(await this.#wait('dead letters cannot be written', 0))) return false
      }
    }
    this.#deadLetters += 1
    if (this.#refusedInRow <= limits.exportRefusalsInRowMax)
      report(`${name} refused a document (${parcel.id}): it is a dead letter`, printable(reason))
    return true
  }
}
