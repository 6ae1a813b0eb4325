import type { Endpoint } from './endpoints.ts'
import { inRounds, type Reading, type Rounds } from './rounds.ts'
import { spread } from './statistics.ts'
import { wideReader } from './wide.ts'

const readsInRound = 5

/** The whole wide table, by a query and by COPY. */
export const wideReads = [
  { name: 'wide', sql: 'select * from wide' },
  { name: 'copy', sql: 'copy wide to stdout' },
] as const

/** How many answers of that statement each target gives in a second. */
export async function measureReads(
  name: string,
  sql: string,
  endpoints: readonly Endpoint[],
  rounds: number,
): Promise<Rounds<'perSecond'>> {
  const readers = await Promise.all(
    endpoints.map(async (endpoint) => ({ name: endpoint.name, reader: await wideReader(endpoint) })),
  )
  try {
    await Promise.all(readers.map(({ reader }) => reader.read(sql)))
    return await inRounds(name, rounds, readers, async ({ reader }): Promise<Reading<'perSecond'>> => {
      const started = performance.now()
      for (let i = 0; i < readsInRound; i++) await reader.read(sql)
      return { perSecond: (readsInRound * 1_000) / (performance.now() - started) }
    })
  } finally {
    for (const { reader } of readers) reader.close()
  }
}

export function reportReads(
  name: string,
  sql: string,
  endpoints: readonly Endpoint[],
  measured: Rounds<'perSecond'>,
): void {
  console.log(`\n${name}: ${sql}, 10 000 rows × 8 columns   (answers per second × direct)`)
  for (const { name: target } of endpoints)
    console.log(`${target.padEnd(16)} ${spread(measured.ratios(target, 'perSecond', 'direct'))}`)
  console.log(measured.validity('perSecond').text)
}
