import type { Clock, PoolState } from '@sluice/core'
import type { ToSupervisor } from './messages.ts'

export interface PoolNewsPorts {
  readonly pools: () => readonly PoolState[]
  readonly clock: Pick<Clock, 'after'>
  readonly send: (message: ToSupervisor) => void
}

/** How old they are at most, as they are measured. */
const everyMs = 1_000

/** Tells the supervisor of the connections of this worker that sessions take turns with, where there are such. */
export class PoolNews implements Disposable {
  readonly #ports: PoolNewsPorts
  #told = '[]'
  #timer: Disposable | undefined

  constructor(ports: PoolNewsPorts) {
    this.#ports = ports
    this.#wait()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #wait(): void {
    this.#timer = this.#ports.clock.after(everyMs, () => {
      this.#tell()
      this.#wait()
    })
  }

  #tell(): void {
    const pools = this.#ports.pools()
    const words = JSON.stringify(pools)
    if (words === this.#told) return
    this.#told = words
    this.#ports.send({ kind: 'pools', pools })
  }
}
