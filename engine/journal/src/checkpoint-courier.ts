import type { Clock } from '@sluice/core'
import type { Report } from './data-keys.ts'

/** Takes what was signed of a log out of reach of whoever could change it. */
export interface CheckpointOutlet {
  /** For the operator; holds no secret. */
  readonly name: string
  /** One attempt to keep a line. Rejects when it is not kept, with a reason that holds no secret. */
  keep(line: string, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** What is known of one outlet. Times in milliseconds since 1970. */
export interface OutletState {
  readonly name: string
  /** When it kept the newest that it has; `null`: nothing since the start. */
  readonly keptMs: number | null
  /** Why the attempt before the next one failed; `null`: it did not. */
  readonly trouble: string | null
}

export interface CourierPorts {
  readonly clock: Clock
  readonly report: Report
  /** Milliseconds between two lines. */
  readonly paceMs: number
}

/** The wait before the second attempt, doubled for each one after it up to the most. */
const retryMs = 1_000
const retryMsMax = 60_000
/** What is signed last is worth this wait. */
const closeMs = 2_000

/**
 * Brings one incarnation's statements to an outlet, one at a time, and holds up nobody. While one is under way only the
 * newest waits: it says all that those before it said.
 */
export class CheckpointCourier {
  readonly #outlet: CheckpointOutlet
  readonly #ports: CourierPorts
  readonly #stop = new AbortController()
  #waiting: string | undefined
  #running: Promise<void> | undefined
  #wake = (): void => {}
  #closing = false
  #failures = 0
  #keptMs: number | null = null
  #trouble: string | null = null

  constructor(outlet: CheckpointOutlet, ports: CourierPorts) {
    this.#outlet = outlet
    this.#ports = ports
  }

  get state(): OutletState {
    return { name: this.#outlet.name, keptMs: this.#keptMs, trouble: this.#trouble }
  }

  send(line: string): void {
    if (this.#closing) return
    this.#waiting = line
    this.#running ??= this.#run()
  }

  /** After a last attempt at the newest, within a bound. */
  async close(): Promise<void> {
    this.#closing = true
    this.#wake()
    const { clock, report } = this.#ports
    using _late = clock.after(closeMs, () => this.#stop.abort())
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stop.signal.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([this.#running, promise])
    if (this.#waiting !== undefined)
      report(`the last checkpoint was not kept at ${this.#outlet.name}; the log itself has it`, null)
    await Promise.race([this.#outlet.close(), promise])
  }

  async #run(): Promise<void> {
    while (this.#waiting !== undefined && !this.#stop.signal.aborted) {
      const isKept = await this.#attempt(this.#waiting)
      if (this.#closing && !isKept) break
      await this.#pause(isKept ? this.#ports.paceMs : this.#backOffMs())
    }
    this.#running = undefined
  }

  async #attempt(line: string): Promise<boolean> {
    try {
      await this.#outlet.keep(line, this.#stop.signal)
      if (this.#waiting === line) this.#waiting = undefined
      this.#failures = 0
      this.#keptMs = this.#ports.clock.now()
      this.#trouble = null
      return true
    } catch (error) {
      if (this.#failures === 0)
        this.#ports.report(`a checkpoint was not kept at ${this.#outlet.name}; trying again`, error)
      this.#failures += 1
      this.#trouble = error instanceof Error ? error.message : 'it could not be tried'
      return false
    }
  }

  #backOffMs(): number {
    return Math.min(retryMsMax, retryMs * 2 ** Math.min(this.#failures - 1, 30))
  }

  /** Closing ends every pause. */
  async #pause(ms: number): Promise<void> {
    if (this.#closing) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    using _timer = this.#ports.clock.after(ms, resolve)
    await promise
  }
}
