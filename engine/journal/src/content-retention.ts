import {
  controlStream,
  Incarnations,
  LegalHoldFold,
  type EventData,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import { controlEvents } from './control-events.ts'
import { destroyKeys, type DestroyPorts } from './destroy-keys.ts'
import { sessionOf } from './erasure.ts'
import { dataKeyId } from './sealing.ts'

/** What was still running when its session closed is recorded by then. */
const afterEndMs = 300_000
/** Events read before what is due among them is destroyed and forgotten. */
const partEvents = 100_000

/** A session of which there is content. */
interface Kept {
  /** `null`: that event was removed already. */
  opened: EventData['SessionOpened'] | null
  readonly writer: string
  readonly epoch: number
  /** Ids of data keys. */
  readonly keys: Set<number>
  endedAt: number | null
}

/** What the control stream says. */
interface Control {
  readonly holds: LegalHoldFold
  /** Data keys. */
  readonly erased: ReadonlySet<number>
}

/**
 * Destroys the keys of content whose session has been over for a time. It reads the log once, and no further than
 * what could be that old, so it remembers only the sessions that went on then, and those under a legal hold.
 */
export class ContentRetention {
  readonly #ports: DestroyPorts
  readonly #keptMs: number
  readonly #sessions = new Map<string, Kept>()
  /** The newest incarnation of each writer: those before it are over. */
  readonly #epochs = new Map<string, number>()
  readonly #incarnations = new Incarnations()
  #position: Position | undefined

  constructor(ports: DestroyPorts, keptMs: number) {
    this.#ports = ports
    this.#keptMs = keptMs
  }

  /** Destroys what is due, unless it is told to leave; how many keys. Rejects when the log cannot be read or written: call again later. */
  async sweep(signal?: AbortSignal): Promise<number> {
    const until = this.#ports.clock.now() - this.#keptMs
    const control = await this.#control()
    let destroyed = 0
    for (let more = true; more && signal?.aborted !== true;) {
      more = await this.#readPart(until, signal)
      destroyed += await this.#destroyDue(until, control)
    }
    return destroyed
  }

  async #control(): Promise<Control> {
    const holds = new LegalHoldFold()
    const erased = new Set<number>()
    for await (const event of controlEvents(this.#ports.log)) {
      holds.apply(event)
      if (event.type === 'KeyErased' && holds.admits(event.data))
        for (const key of event.data.keys) erased.add(key)
    }
    return { holds, erased }
  }

  async #destroyDue(until: number, { holds, erased }: Control): Promise<number> {
    const due = [...this.#sessions].filter(
      ([session, { endedAt, opened }]) =>
        endedAt !== null && endedAt + afterEndMs <= until && holds.over({ session, opened }).length === 0,
    )
    const keys = due.flatMap(([, kept]) => [...kept.keys]).filter((key) => !erased.has(key))
    const selector = `ended_before=${new Date(until).toISOString()}`
    const why = { selector, by: 'retention', reason: 'retention', holds: holds.placed }
    // Who placed a hold meanwhile is heard at the next sweep.
    if (!(await destroyKeys(this.#ports, { keys, ...why }))) return 0
    for (const [session] of due) this.#sessions.delete(session)
    return keys.length
  }

  /** Whether there is more to read. */
  async #readPart(until: number, signal: AbortSignal | undefined): Promise<boolean> {
    let read = 0
    try {
      for await (const event of this.#ports.log.read(this.#position)) {
        if (event.time >= until || signal?.aborted === true) return false
        this.#take(event)
        this.#position = event.position
        if (++read === partEvents) return true
      }
      return false
    } catch (error) {
      if (!(error instanceof RangeError) || this.#position === undefined) throw error
      // What stood there was removed from the log: what is left of it is read again.
      this.#position = undefined
      this.#sessions.clear()
      return true
    }
  }

  #take(event: RecordedEvent): void {
    const { writer, epoch, time } = event
    if (event.stream === controlStream && (event.sig === null || !this.#incarnations.admits(event))) return
    if (epoch > (this.#epochs.get(writer) ?? -1)) {
      this.#epochs.set(writer, epoch)
      this.#end(writer, epoch - 1, time)
    }
    if (event.type === 'GatewayLost' || event.type === 'GatewayLeft')
      this.#end(event.data.writer, event.data.epoch, time)
    const session = sessionOf(event)
    if (session === null) return
    if (event.sealed !== null) this.#kept(session, event).keys.add(dataKeyId(event.sealed))
    if (event.type === 'SessionOpened') this.#kept(session, event).opened = event.data
    if (event.type === 'SessionClosed') this.#kept(session, event).endedAt = time
  }

  #kept(session: string, { writer, epoch }: RecordedEvent): Kept {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    const kept: Kept = { opened: null, writer, epoch, keys: new Set<number>(), endedAt: null }
    this.#sessions.set(session, kept)
    return kept
  }

  /** Whatever a writer had open up to this incarnation. */
  #end(writer: string, epoch: number, at: number): void {
    for (const kept of this.#sessions.values())
      if (kept.writer === writer && kept.epoch <= epoch) kept.endedAt ??= at
  }
}
