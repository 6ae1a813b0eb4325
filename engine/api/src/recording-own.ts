import type { RecordedEvent } from '@sluice/core'

/**
 * Which events of a session's stream its own gateway wrote there. A stream has one writer, which numbers its events:
 * what another one says, or what has no place in that order, is nobody's word. Whether the chain of hashes holds is for
 * `audit verify` to say.
 */
export class OwnEvents {
  readonly #session: string
  #writer: string | undefined
  #epoch = 0
  #next = 0
  /** Of the latest events by their numbers: a log may hold the same event twice. */
  readonly #hashes = new Map<number, string>()

  constructor(session: string) {
    this.#session = session
  }

  /** Why it is forged, `again` when it was there before, or `null`. */
  objection(event: RecordedEvent): string | null {
    const opens = this.#writer === undefined
    if (opens && event.type !== 'SessionOpened') return 'it comes before the session was opened'
    if (!opens && (event.writer !== this.#writer || event.epoch !== this.#epoch))
      return 'another gateway wrote it'
    const hash = Buffer.from(event.hash).toString('hex')
    if (event.seq < this.#next && this.#hashes.get(event.seq) === hash) return again
    if (event.seq !== this.#next && !opens) return 'it does not follow the event before it'
    if (!opens && event.type === 'SessionOpened') return 'the session was open already'
    if (event.type !== 'Unknown' && 'session' in event.data && event.data.session !== this.#session)
      return 'it names another session'
    this.#writer = event.writer
    this.#epoch = event.epoch
    this.#next = event.seq + 1
    this.#hashes.set(event.seq, hash)
    this.#hashes.delete(event.seq - keptMax)
    return null
  }

  /** Whether this incarnation is the one that writes the session. */
  isOf(writer: string, epoch: number): boolean {
    return writer === this.#writer && epoch >= this.#epoch
  }
}

/** No objection to an event, but a reason to pass it over. */
export const again = 'again'

/** As many as a writer may have on their way at once, and more. */
const keptMax = 4_096
