import {
  controlStream,
  StoreError,
  systemClock,
  systemIds,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Unit,
} from '@sluice/core'
import { declare, type Declarations } from './declare.ts'

/** A log in memory that takes only what belongs into its control stream, and what a start reads in it. */
export interface ControlLog {
  /** What a start of a gateway finds. */
  readonly declared: (writer?: string) => Promise<Declarations>
  /** Types of the events appended since the last look. */
  readonly news: () => readonly string[]
  readonly events: readonly RecordedEvent[]
  /** How many events were read. */
  readonly reads: () => number
  /** An event of another stream. */
  readonly pass: (type: string) => void
  /** An event of the control stream that no gateway signed. */
  readonly forge: (event: Pick<NewEvent, 'type' | 'data'>) => void
  failing: boolean
}

export function controlLog(): ControlLog {
  const events: RecordedEvent[] = []
  let seen = 0
  let reads = 0
  const put = (stream: string, event: NewEvent, { writer = 'gw_a', signed = true } = {}): void => {
    const position = String(events.length + 1) as Position
    const sig = stream === controlStream && signed ? Buffer.alloc(2) : null
    const recorded = { ...event, data: reversed(event.data), stream, writer, epoch: 1, position, sig }
    events.push(recorded as unknown as RecordedEvent)
  }
  const appendBy =
    (writer: string) =>
    async ({ stream, events: added }: Unit): Promise<Position> => {
      if (self.failing) throw new StoreError('unavailable', 'no log')
      if (stream !== controlStream) throw new Error('only the control stream is declared')
      for (const event of added) put(stream, event, { writer })
      return String(events.length) as Position
    }
  async function* read(after?: Position, of?: string): AsyncGenerator<RecordedEvent> {
    for (const event of events.slice(Number(after ?? 0))) {
      if (of !== undefined && event.stream !== of) continue
      reads++
      yield event
    }
  }
  const self: ControlLog = {
    declared: (writer = 'gw_a') =>
      declare({
        writer,
        store: { append: appendBy(writer), read },
        clock: systemClock,
        ids: systemIds(systemClock),
      }),
    news: () => events.slice(seen, (seen = events.length)).map(({ type }) => type),
    events,
    reads: () => reads,
    forge: (event) => put(controlStream, { ...event, id: 'evt', time: 1 } as NewEvent, { signed: false }),
    pass: (type) => put('ses_1', { id: 'evt', time: 1, type, data: {} } as unknown as NewEvent),
    failing: false,
  }
  return self
}

/** The fields of a record come back in another order than they were written: a codec's, not ours. */
function reversed<T extends object>(data: T): T {
  return Object.fromEntries(Object.entries(data).toReversed()) as T
}
