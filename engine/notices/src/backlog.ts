import { limits, type Position } from '@sluice/core'
import type { Message, Notice } from './notice.ts'

/** From where to read on when everything up to here is dealt with. */
export interface Place {
  /** The last event that was dealt with; `null`: none of the log. */
  readonly position: Position | null
  /** Where one must begin to read to know what is live there. */
  readonly from: Position | null
}

/** One notice that waits to be told. */
export interface Waiting {
  readonly notice: Notice
  /** Once it is dealt with. */
  readonly place: Place
}

/** A message on its way. */
export interface Parcel {
  readonly message: Message
  /** The newest of what it tells was recorded then. */
  readonly time: number
  /** Once it is dealt with. */
  readonly place: Place
}

/** What one destination is still to be told: the first of them, the alarms, and how many there are. */
export class Backlog {
  #kept: readonly Waiting[] = []
  #newest: Waiting | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  get urgent(): boolean {
    return this.#kept.some(isAlarm)
  }

  add(waiting: Waiting): void {
    this.#count += 1
    this.#newest = waiting
    if (this.#kept.length < limits.noticeDigestMax) this.#kept = [...this.#kept, waiting]
    else if (isAlarm(waiting)) {
      const given = this.#kept.findLastIndex((other) => !isAlarm(other))
      if (given >= 0) this.#kept = [...this.#kept.toSpliced(given, 1), waiting]
    }
  }

  /** Takes the oldest one out. Only while all of them are kept. */
  takeFirst(): Parcel | undefined {
    const [oldest, ...others] = this.#kept
    if (oldest === undefined) return undefined
    this.#kept = others
    this.#count -= 1
    const { notice, place } = oldest
    return { message: { kind: 'notice', id: notice.id, notice }, time: notice.time, place }
  }

  /** Takes all of them out, as one message. */
  takeAll(): Parcel | undefined {
    const [oldest] = this.#kept
    const newest = this.#newest
    if (oldest === undefined || newest === undefined) return undefined
    const alarms = this.#kept.filter(isAlarm)
    const others = this.#kept.filter((waiting) => !isAlarm(waiting))
    const message: Message = {
      kind: 'digest',
      id: `${oldest.notice.id}..${newest.notice.id}`,
      notices: [...alarms, ...others].map(({ notice }) => notice),
      count: this.#count,
    }
    this.#kept = []
    this.#count = 0
    return { message, time: newest.notice.time, place: newest.place }
  }
}

function isAlarm({ notice }: Waiting): boolean {
  return notice.type === 'alarm.raised'
}
