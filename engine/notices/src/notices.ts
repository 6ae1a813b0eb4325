import { controlStream, limits, LogFeed, type Clock, type EventStore, type Ids } from '@sluice/core'
import { readCheckpoint, tidyCheckpoints, writeCheckpoint, type Checkpoint } from './checkpoint.ts'
import { Courier, type Destination } from './courier.ts'

export interface NoticePorts {
  readonly destinations: readonly Destination[]
  /** Of the places that the destinations are at. */
  readonly folder: string
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  /** For the operator. Never content, and no secret. */
  readonly report: (what: string, error: unknown) => void
}

/** Tells people outside what the control stream says. None of it is needed for anything: the inbox has it all. */
export interface Notices {
  /** Call once links lead somewhere. */
  start(): void
  /** What was not delivered is told after the next start. */
  close(): Promise<void>
}

/** From its return on, whatever is recorded is told, also over restarts. */
export async function openNotices(ports: NoticePorts): Promise<Notices> {
  const { destinations, folder } = ports
  await tidyCheckpoints(
    folder,
    destinations.map(({ name }) => name),
  )
  const leaving = new AbortController()
  const couriers = await Promise.all(
    destinations.map((destination) => opened(destination, leaving.signal, ports)),
  )
  let running: readonly Promise<void>[] = []
  return {
    start: () => {
      running = couriers.map(({ courier }) => courier.run())
    },
    close: async () => {
      leaving.abort()
      await Promise.all(running)
      await Promise.all(couriers.map(({ feed }) => feed.close()))
    },
  }
}

interface Opened {
  readonly courier: Courier
  readonly feed: LogFeed
}

async function opened(destination: Destination, signal: AbortSignal, ports: NoticePorts): Promise<Opened> {
  const { folder, report } = ports
  const { name } = destination
  const checkpoint = await checkpointOf(name, ports)
  const save = async (changed: Checkpoint): Promise<void> => {
    try {
      await writeCheckpoint(folder, name, changed)
    } catch (error) {
      report(`how far notices to ${name} are could not be kept: some may be repeated`, error)
    }
  }
  await save(checkpoint)
  const feed = new LogFeed(checkpoint.from ?? undefined, {
    read: (after, leaving) => ports.store.subscribe(after, leaving, controlStream),
    clock: ports.clock,
    leaving: signal,
    retryMs: limits.approvalRetryMs,
    failed: (error) => report('the control stream could not be read for notices; trying again', error),
  })
  return { courier: new Courier(destination, checkpoint, signal, { ...ports, feed, save }), feed }
}

/** Where nobody can tell how far it was, everything is told again that is not too old. */
async function checkpointOf(name: string, { folder, clock, report }: NoticePorts): Promise<Checkpoint> {
  const start = { position: null, from: null, trouble: null }
  try {
    return (await readCheckpoint(folder, name)) ?? { ...start, since: clock.now() }
  } catch (error) {
    report(`how far notices to ${name} are cannot be read: the last ones are repeated`, error)
    return { ...start, since: 0 }
  }
}
