import type { Clock, Subject } from '@sluice/core'
import { foundLine, placeOf, placeText } from './exchange-search.ts'
import type { ExchangeRecord, ExchangeRecords } from './exchange-records.ts'
import type { Outlet } from './outlet.ts'
import type { RoleGroups } from './roles.ts'
import { maySee, narrowed, recordedOwner } from './session-sight.ts'

/** What a follower looks on at; nothing said means everything that exists for them. */
export interface TailWanted {
  readonly session?: string | undefined
  readonly run?: string | undefined
  readonly target?: string | undefined
}

interface TailPorts {
  readonly exchanges: ExchangeRecords
  readonly clock: Pick<Clock, 'after'>
  readonly roles: RoleGroups
}

/** So many lines in one message, and one message in so long: faster than people read, and no page stalls. */
const linesMax = 200
const gatherMs = 100
/** A follower that comes back is told of the latest of what it missed. */
const missedMax = 500

/** The exchanges of one follower, in messages of several. An exchange comes again when more is known of it. */
export class ExchangeTail implements Disposable {
  readonly #subject: Subject
  readonly #outlet: Pick<Outlet, 'send'>
  readonly #wanted: TailWanted
  readonly #ports: TailPorts
  readonly #following: Disposable
  readonly #gathered = new Map<string, ExchangeRecord>()
  #skipped = 0
  #gathering: Disposable | undefined

  constructor(subject: Subject, outlet: Pick<Outlet, 'send'>, wanted: TailWanted, ports: TailPorts) {
    this.#subject = subject
    this.#outlet = outlet
    this.#wanted = wanted
    this.#ports = ports
    this.#following = ports.exchanges.onChange((changed, skipped) => {
      this.#skipped += skipped
      for (const record of changed) if (this.#isWanted(record)) this.#gather(record)
    })
  }

  /** What came after the message of that id, oldest first; what is missing before it is said. */
  async resume(after: string): Promise<void> {
    const place = placeOf(after)
    if (place === undefined) return
    const { run, target } = this.#wanted
    const own = narrowed(undefined, this.#subject, this.#ports.roles)
    if (own === null) return
    const wanted = { ...own, run, target, since_ms: place.at_ms, last: missedMax }
    const found = await this.#ports.exchanges.search(wanted)
    const isLater = ({ at_ms, exchange }: ExchangeRecord): boolean =>
      at_ms > place.at_ms || (at_ms === place.at_ms && exchange > place.exchange)
    const missed = found.filter((record) => isLater(record) && this.#isWanted(record))
    if (missed.length > 0 || found.length === missedMax)
      this.#send(missed.toReversed(), found.length === missedMax ? null : 0)
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
    this.#gathering?.[Symbol.dispose]()
  }

  #isWanted(record: ExchangeRecord): boolean {
    const { session, run, target } = this.#wanted
    if (session !== undefined && record.session !== session) return false
    if (run !== undefined && record.run !== run) return false
    if (target !== undefined && record.target !== target) return false
    return maySee(recordedOwner(record), this.#subject, this.#ports.roles)
  }

  #gather(record: ExchangeRecord): void {
    if (this.#gathered.size < linesMax || this.#gathered.has(record.exchange))
      this.#gathered.set(record.exchange, record)
    else this.#skipped += 1
    this.#gathering ??= this.#ports.clock.after(gatherMs, () => {
      this.#gathering = undefined
      const lines = [...this.#gathered.values()]
      const skipped = this.#skipped
      this.#gathered.clear()
      this.#skipped = 0
      this.#send(lines, skipped)
    })
  }

  /** `skipped`: how many are not among them; `null`: nobody counted. */
  #send(records: readonly ExchangeRecord[], skipped: number | null): void {
    const latest = records.toSorted((a, b) => a.at_ms - b.at_ms || (a.exchange < b.exchange ? -1 : 1)).at(-1)
    const id = latest === undefined ? undefined : placeText(latest)
    this.#outlet.send('exchanges', { exchanges: records.map(foundLine), skipped }, id)
  }
}
