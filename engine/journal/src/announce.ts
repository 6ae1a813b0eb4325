import {
  controlStream,
  LegalHoldFold,
  limits,
  StoreError,
  type Clock,
  type EventData,
  type Ids,
  type NewEvent,
} from '@sluice/core'
import { controlEvents } from './control-events.ts'
import type { Log } from './log.ts'

export interface AnnouncePorts {
  readonly log: Pick<Log, 'append' | 'read'>
  readonly clock: Clock
  readonly ids: Ids
}

/** What is about to be destroyed for good. */
type Announcement = {
  readonly [T in 'KeyErased' | 'SegmentsRemoved']: { readonly type: T; readonly data: EventData[T] }
}['KeyErased' | 'SegmentsRemoved']

/**
 * Says in the log what is to be destroyed, and whether that counts: of several gateways one may place a legal hold while
 * another destroys, and the order of the log decides. `false`: a hold stands before it that it did not know.
 */
export async function announced(
  { log, clock, ids }: AnnouncePorts,
  announcement: Announcement,
): Promise<boolean> {
  const event: NewEvent = { id: ids.next('evt'), time: clock.now(), ...announcement }
  await log.append(
    { stream: controlStream, events: [event] },
    { withinMs: limits.appendWaitMs, urgency: 'now' },
  )
  const holds = new LegalHoldFold()
  for await (const before of controlEvents(log)) {
    if (before.id === event.id) return holds.admits(announcement.data)
    holds.apply(before)
  }
  throw new StoreError('unavailable', 'What was announced does not count: this gateway was declared lost.')
}
