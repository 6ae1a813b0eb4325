import type { EventReference } from './approval-view.ts'
import type { EventData, RecordedEvent, SubjectRecord } from './events.ts'

/** `ended`: its time is over, whether it was given or nobody decided in time. */
export type GrantState = 'requested' | 'given' | 'rejected' | 'revoked' | 'ended'

/** Access for a while as the log says: asked for, decided by one person, over. Times in milliseconds since 1970. */
export interface GrantView {
  readonly id: string
  readonly state: GrantState
  readonly subject: SubjectRecord
  /** Who stands behind the subject: none of them may decide. */
  readonly people: readonly string[]
  readonly target: string
  /** What is asked for, as policies know it. */
  readonly role: string
  /** For how long, from when it is given. */
  readonly lifeMs: number
  readonly reason: string
  /** Groups one of whose members may give it. */
  readonly approvers: readonly string[]
  readonly requestedAt: number
  /** While it is asked for: nobody may give it from then on. Once it is given: it is valid until then. */
  readonly endsAt: number
  readonly decided: {
    readonly by: SubjectRecord
    readonly reason: string
    readonly time: number
    readonly event: EventReference
  } | null
  /** When it was revoked, by whom (a subject id) and why. */
  readonly revoked: { readonly time: number; readonly by: string; readonly reason: string } | null
  readonly requested: EventReference
}

type GrantEventType = 'GrantRequested' | 'GrantGiven' | 'GrantRejected' | 'GrantRevoked'

/** An event of a grant's life before it is recorded: what a command wants. */
export type GrantBody = {
  readonly [T in GrantEventType]: { readonly type: T; readonly data: EventData[T] }
}[GrantEventType]

/** What the fold needs of the recorded one. */
export type GrantEvent = GrantBody & Pick<RecordedEvent, 'id' | 'hash' | 'time'>
