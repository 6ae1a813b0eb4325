import { limits, pause, type Clock, type Ids } from '@sluice/core'

export interface BackoffPorts {
  readonly clock: Pick<Clock, 'after'>
  readonly ids: Pick<Ids, 'random32'>
}

/** How long to wait after a failure: longer each time, and by chance, so that not everybody comes back at once. */
export class Backoff {
  readonly #ports: BackoffPorts
  #attempts = 0

  constructor(ports: BackoffPorts) {
    this.#ports = ports
  }

  /** Failures since it last worked. */
  get attempts(): number {
    return this.#attempts
  }

  /** It worked. */
  reset(): void {
    this.#attempts = 0
  }

  /** Waits, not less than `afterMs`, or until the signal aborts. */
  async wait(afterMs: number, signal: AbortSignal): Promise<void> {
    const { exportRetryMs, exportRetryMsMax } = limits
    const most = Math.min(exportRetryMsMax, exportRetryMs * 2 ** Math.min(this.#attempts, 30))
    this.#attempts += 1
    const chance = (this.#ports.ids.random32() + 2 ** 31) / 2 ** 32
    await pause(Math.max(afterMs, most * (0.5 + chance / 2)), this.#ports.clock, signal)
  }
}
