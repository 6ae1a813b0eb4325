import type { EventBody } from './decider.ts'
import { limits } from './limits.ts'
import type { Clock, EventStore, Ids } from './ports.ts'

export interface OwnStreamPorts {
  /** A gateway's name in the log. */
  readonly gateway: string
  readonly store: Pick<EventStore, 'append'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

/** Appends to the stream of a gateway: what is of no session. Rejects as the log does. */
export async function appendOwn(
  { gateway, ids, clock, store }: OwnStreamPorts,
  bodies: readonly EventBody[],
): Promise<void> {
  const [first, ...rest] = bodies.map((body) => ({ ...body, id: ids.next('evt'), time: clock.now() }))
  if (first !== undefined)
    await store.append({ stream: `gateway/${gateway}`, events: [first, ...rest] }, soon)
}

const soon = { withinMs: limits.appendWaitMs, urgency: 'soon' } as const
