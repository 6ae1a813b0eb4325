import {
  controlStream,
  limits,
  subjectRecord,
  type Clock,
  type EventData,
  type EventStore,
  type Identity,
  type Ids,
} from '@sluice/core'

export interface ActedPorts {
  readonly store: Pick<EventStore, 'append'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
  /** For the operator: what went wrong beside a caller's request. Never content. */
  readonly report: (what: string, error: unknown) => void
}

export interface Act extends Pick<EventData['AdminActed'], 'action' | 'resource' | 'outcome'> {
  readonly details: Readonly<Record<string, string>>
}

/** Records what somebody tried in vain. Nobody waits for it: nothing was done. */
export function acted(ports: ActedPorts, by: Identity, act: Act): void {
  append(ports, by, act, 'soon').catch((error: unknown) =>
    ports.report('a refused attempt was not recorded', error),
  )
}

/** Records what somebody is about to do. Rejects with `StoreError` when that is not durable: then it is not done. */
export async function actedFirst(ports: ActedPorts, by: Identity, act: Act): Promise<void> {
  await append(ports, by, act, 'now')
}

function append(
  { store, clock, ids }: ActedPorts,
  by: Identity,
  { action, resource, outcome, details }: Act,
  urgency: 'soon' | 'now',
): Promise<unknown> {
  const data = {
    by: subjectRecord(by.subject),
    token_id: by.tokenId,
    action,
    resource,
    outcome,
    details: JSON.stringify(details),
  }
  const event = { id: ids.next('evt'), time: clock.now(), type: 'AdminActed', data } as const
  return store.append({ stream: controlStream, events: [event] }, { withinMs: limits.appendWaitMs, urgency })
}
