import type { EventData, RecordedEvent } from './events.ts'
import { selectorFrom, selects, type Selector } from './selector.ts'

/** What must not be destroyed until somebody releases it, as the log says. Times in milliseconds since 1970. */
export interface LegalHold {
  readonly id: string
  /** `null`: of a version that says it in another way. It holds everything. */
  readonly selector: Selector | null
  readonly text: string
  readonly placedAt: number
  /** A subject id. */
  readonly by: string
  readonly reason: string
  readonly released: { readonly time: number; readonly by: string; readonly reason: string } | null
}

/** What is known of a session; `opened` is `null` when that event is no longer in the log. */
export interface HeldSession {
  readonly session: string
  readonly opened: EventData['SessionOpened'] | null
}

/** The legal holds as the control stream tells. No effects; give it only events that count. */
export class LegalHoldFold {
  readonly #holds = new Map<string, LegalHold>()
  #placed = 0

  /** How many were ever placed, whatever became of them. */
  get placed(): number {
    return this.#placed
  }

  /** Whether the event changed anything. */
  apply(event: RecordedEvent): boolean {
    switch (event.type) {
      case 'LegalHoldPlaced': {
        const { hold: id, selector: text, by, reason } = event.data
        this.#placed += 1
        const selector = selectorFrom(text)
        this.#holds.set(id, { id, selector, text, placedAt: event.time, by, reason, released: null })
        return true
      }
      case 'LegalHoldReleased': {
        const { hold: id, by, reason } = event.data
        const hold = this.#holds.get(id)
        if (hold === undefined || hold.released !== null) return false
        this.#holds.set(id, { ...hold, released: { time: event.time, by, reason } })
        return true
      }
      default:
        return false
    }
  }

  get(id: string): LegalHold | undefined {
    return this.#holds.get(id)
  }

  /** In the order in which they were placed. */
  all(): readonly LegalHold[] {
    return [...this.#holds.values()]
  }

  active(): readonly LegalHold[] {
    return this.all().filter(({ released }) => released === null)
  }

  /** Those that a session is under. What cannot be told of it any more is held. */
  over({ session, opened }: HeldSession): readonly LegalHold[] {
    return this.active().filter(({ selector }) => {
      if (selector === null) return true
      if (selector.kind === 'session') return selector.session === session
      return opened === null || selects(selector, opened)
    })
  }

  /** Whether who destroys something knew of every hold that stands before that in the log. If not, nothing is destroyed. */
  admits({ holds }: Pick<EventData['KeyErased'], 'holds'>): boolean {
    return holds >= this.#placed
  }
}
