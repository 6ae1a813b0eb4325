import { join } from 'node:path'
import { systemClock, systemIds } from '@sluice/core'
import { openEmbedded } from './embedded.ts'
import { eventsOf } from './scripted.ts'

/** A process for tests to kill: appends from several callers, and prints the id of each acknowledged event. */
const root = process.argv[2] ?? ''
const ids = systemIds(systemClock)
const log = await openEmbedded({
  path: join(root, 'log'),
  keys: join(root, 'keys'),
  clock: systemClock,
  ids,
  report: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`),
  segmentBytes: 65_536,
})

await Promise.all(
  Array.from({ length: 4 }, async () => {
    const stream = ids.next('ses')
    const make = eventsOf(ids, stream)
    for (let count = 0; ; count++) {
      const events = [make.request('x'.repeat((count * 997) % 3_000)), make.abandoned('it was late')] as const
      await log.append({ stream, events }, { withinMs: 60_000, urgency: 'now' })
      process.stdout.write(events.map(({ id }) => `${id}\n`).join(''))
    }
  }),
)
