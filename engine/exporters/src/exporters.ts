import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, EventStore, Ids } from '@sluice/core'
import type { Trouble } from './courier.ts'
import { deadLetterFile } from './dead-letter.ts'
import { Exporter, type ExporterOptions } from './exporter.ts'
import { LogEnd, type Lag } from './lag.ts'
import { Offsets } from './offsets.ts'

export interface ExporterStatus {
  readonly name: string
  /** Documents delivered since the start. */
  readonly documents: number
  readonly deadLetters: number
  readonly lag: Lag
  /** Events of the log that it has dealt with, and when the last of them was written; ms since 1970, 0: none yet. */
  readonly events: number
  readonly doneMs: number
  /** Why nothing is delivered now, if so. */
  readonly trouble: string | null
  /** What went wrong last since the start, also when it is over. */
  readonly lastTrouble: Trouble | null
}

/** Everything that is exported while a gateway runs. Nothing waits for it. */
export interface Exporters {
  start(): void
  status(): readonly ExporterStatus[]
  close(): Promise<void>
}

export interface ExportersPorts {
  readonly destinations: readonly ExporterOptions[]
  /** Of the places that the destinations are at, and of their dead letters. */
  readonly folder: string
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  /** For the operator. Never content, and no secret. */
  readonly report: (what: string, error: unknown) => void
}

/** Each destination has its own reader, place and pace: none of them waits for another. */
export async function openExporters(ports: ExportersPorts): Promise<Exporters> {
  const { destinations, folder, store, clock, ids, report } = ports
  if (destinations.length === 0) return { start: () => {}, status: () => [], close: async () => {} }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const exporters = destinations.map((destination) => {
    const file = join(folder, destination.name)
    return new Exporter(destination, {
      read: (after, signal) => store.subscribe(after, signal),
      offsets: new Offsets(`${file}.db`, report),
      deadLetters: deadLetterFile(`${file}.dead.jsonl`, clock),
      clock,
      ids,
      report,
    })
  })
  const farthest = exporters.reduce((one, other) => (other.events > one.events ? other : one))
  const end = new LogEnd(farthest, { store, clock, report })
  const measured = exporters.map((exporter, index) => {
    const name = destinations[index]?.name ?? ''
    return { exporter, name, lag: end.follower(exporter) }
  })
  return {
    start: () => {
      end.start()
      for (const exporter of exporters) void exporter.run()
    },
    status: () =>
      measured.map(
        ({ exporter: { documents, deadLetters, events, doneMs, trouble, lastTrouble }, name, lag }) => ({
          name,
          documents,
          deadLetters,
          lag: lag(),
          events,
          doneMs,
          trouble,
          lastTrouble,
        }),
      ),
    close: async () => {
      await Promise.all([...exporters.map((exporter) => exporter.close()), end.close()])
    },
  }
}
