import type { RecordedEvent } from './events.ts'
import type { Position } from './ports.ts'

/** What a follower gets: an event without its content, so that it need not be read back. */
export type FollowedEvent = Without<RecordedEvent, 'schema' | 'sealed' | 'prev_hash' | 'position'>

/** Some events in the order of the log. */
export interface Followed {
  readonly events: readonly FollowedEvent[]
  /** Of the last of them. */
  readonly position: Position
}

/** Nothing more is handed out before the promise, if any, resolves. */
export type TakeFollowed = (some: Followed) => Promise<void> | undefined

/** Of each kind of event. */
type Without<T, K extends keyof RecordedEvent> = T extends unknown ? Omit<T, K> : never
