import { controlStream, Incarnations, type EventStore, type RecordedEvent } from '@sluice/core'

/** The control stream's events that count, up to its present end: signed, and by no incarnation that was lost before. */
export async function* controlEvents(store: Pick<EventStore, 'read'>): AsyncGenerator<RecordedEvent> {
  const incarnations = new Incarnations()
  for await (const event of store.read(undefined, controlStream))
    if (event.stream === controlStream && event.sig !== null && incarnations.admits(event)) yield event
}
