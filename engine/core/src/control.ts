import type { EventBody } from './decider.ts'
import { refusal, Refused } from './errors.ts'
import type { NewEvent, RecordedEvent } from './events.ts'
import { Incarnations } from './incarnations.ts'
import { limits } from './limits.ts'
import { pause } from './pause.ts'
import { controlStream, type Clock, type EventStore, type Ids, type Position } from './ports.ts'
import type { Run } from './request.ts'
import { worded } from './wording.ts'

export interface ControlPorts {
  readonly store: Pick<EventStore, 'append' | 'read' | 'subscribe'>
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
}

/** Folds one event; whether it changed anything. Must not throw. */
export type Fold = (event: RecordedEvent) => boolean

/**
 * The control stream as its commands see it: append, read the own event back, and learn what the fold made of it. So
 * of several writers the first in the order of the log wins, wherever they are.
 */
export class Control {
  readonly #ports: ControlPorts
  readonly #fold: Fold
  readonly #incarnations = new Incarnations()
  readonly #awaited = new Map<string, PromiseWithResolvers<boolean>>()
  readonly #leaving = new AbortController()
  #position: Position | undefined
  #following: Promise<void> | undefined
  #healthy = false

  constructor(ports: ControlPorts, fold: Fold) {
    this.#ports = ports
    this.#fold = fold
  }

  /** Whether what others write arrives here. */
  get healthy(): boolean {
    return this.#healthy
  }

  /** Folds what is there, and from then on what comes. */
  async open(): Promise<void> {
    for await (const event of this.#ports.store.read(undefined, controlStream)) this.#take(event)
    this.#healthy = true
    this.#following = this.#follow()
  }

  /**
   * Whether the fold took the event once it was durable. Throws `Refused('log_unavailable')` when the log did not
   * take it or give it back in time; it may still do so later.
   */
  async record(body: EventBody, run?: Run): Promise<boolean> {
    const { ids, clock } = this.#ports
    const event: NewEvent = {
      ...body,
      id: ids.next('evt'),
      time: clock.now(),
      trace_id: run?.trace_id ?? null,
      run_id: run?.id ?? null,
    }
    const folded = Promise.withResolvers<boolean>()
    // Nobody may be waiting for it yet when it fails.
    folded.promise.catch(() => {})
    this.#awaited.set(event.id, folded)
    try {
      return await this.#readBack(event, folded)
    } catch (error) {
      throw new Refused(worded(unrecorded, null), { cause: error })
    } finally {
      this.#awaited.delete(event.id)
    }
  }

  /** Ends following. Who still waits for an event is told that it was not read back. */
  async close(): Promise<void> {
    this.#healthy = false
    this.#leaving.abort()
    for (const folded of this.#awaited.values()) folded.reject(new Error('the control stream was left'))
    await this.#following
  }

  async #readBack(event: NewEvent, folded: PromiseWithResolvers<boolean>): Promise<boolean> {
    const { store, clock } = this.#ports
    if (this.#leaving.signal.aborted) throw new Error('the control stream was left')
    const withinMs = limits.appendWaitMs
    await store.append({ stream: controlStream, events: [event] }, { withinMs, urgency: 'now' })
    using _patience = clock.after(withinMs, () => folded.reject(new Error('the event was not read back')))
    return await folded.promise
  }

  async #follow(): Promise<void> {
    const { store, clock, report } = this.#ports
    const { signal } = this.#leaving
    while (!signal.aborted) {
      try {
        for await (const event of store.subscribe(this.#position, signal, controlStream)) {
          this.#healthy = true
          this.#take(event)
        }
        this.#healthy = false
        return
      } catch (error) {
        this.#healthy = false
        report('the control stream could not be followed; trying again', error)
        await pause(limits.approvalRetryMs, clock, signal)
      }
    }
  }

  #take(event: RecordedEvent): void {
    this.#position = event.position
    // A store may hand out more than it is asked for. What no gateway signed is nobody's word.
    const counts = event.stream === controlStream && event.sig !== null && this.#incarnations.admits(event)
    const changed = counts && this.#fold(event)
    this.#awaited.get(event.id)?.resolve(changed)
  }
}

const unrecorded = refusal(
  'log_unavailable',
  'sluice/log',
  'What was asked for could not be recorded, so it is not done.',
)
