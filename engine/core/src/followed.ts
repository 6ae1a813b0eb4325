import type { RecordedEvent } from './events.ts'
import { controlStream, type Position } from './ports.ts'

/** An event without its content and its place. */
export type PlainEvent = Without<RecordedEvent, 'schema' | 'sealed' | 'prev_hash' | 'position'>

/** What a follower gets of an event, which need not be read back for that. */
export type FollowedEvent = PlainEvent & {
  /** All of it, where it is of the control stream. */
  readonly recorded: RecordedEvent | null
}

/** Some events in the order of the log. */
export interface Followed {
  readonly events: readonly FollowedEvent[]
  /** Of the last of them. */
  readonly position: Position
}

/** Nothing more is handed out before the promise, if any, resolves. */
export type TakeFollowed = (some: Followed) => Promise<void> | undefined

/** As a follower gets it. */
export function followed(event: RecordedEvent): FollowedEvent {
  return { ...event, recorded: event.stream === controlStream ? event : null }
}

/** Of each kind of event. */
type Without<T, K extends keyof RecordedEvent> = T extends unknown ? Omit<T, K> : never
