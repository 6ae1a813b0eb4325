import type { Endpoint } from './endpoints.ts'
import { pgbench, type Load } from './pgbench.ts'
import { inRounds, type Rounds } from './rounds.ts'
import { spread } from './statistics.ts'
import { wideReader } from './wide.ts'

/**
 * A megabyte of statement is more than the gateway reads at all; the other one is among the longest that it does. Each
 * is another text, so that nothing of it is remembered.
 */
export const longStatements = [
  { name: '1 MB statements', bytes: 1_000_000 },
  { name: '200 KB statements', bytes: 200_000 },
] as const

const load: Load = { name: 'neighbours', protocol: 'prepared', clients: 4 }

/** How long others wait at worst, alone and beside one session that sends one long statement after another. */
export function measureNeighbours(
  name: string,
  bytes: number,
  binary: string,
  endpoints: readonly Endpoint[],
  options: { readonly rounds: number; readonly seconds: number },
): Promise<Rounds<'quiet' | 'beside'>> {
  return inRounds(name, options.rounds, endpoints, async (endpoint) => {
    const quiet = (await pgbench(binary, load, endpoint, options.seconds)).p99Micros
    const stop = await sendLong(endpoint, bytes)
    try {
      return { quiet, beside: (await pgbench(binary, load, endpoint, options.seconds)).p99Micros }
    } finally {
      await stop()
    }
  })
}

async function sendLong(endpoint: Endpoint, bytes: number): Promise<() => Promise<void>> {
  const sender = await wideReader(endpoint)
  let stopped = false
  const sending = (async () => {
    for (let i = 0; !stopped; i++) {
      const terms = Array.from({ length: Math.floor(bytes / 8) }, (_, at) =>
        String(1_000_000 + ((at + i) % 9_000_000)),
      )
      await sender.read(`select 1 where 0 in (${terms.join()})`)
    }
  })()
  return async () => {
    stopped = true
    await sending
    sender.close()
  }
}

export function reportNeighbours(
  name: string,
  endpoints: readonly Endpoint[],
  measured: Rounds<'quiet' | 'beside'>,
): void {
  console.log(`\n${name} of one session   (p99 of four others; ratio to their quiet p99 of the same round)`)
  console.log('target          quiet µs  beside µs   × quiet')
  for (const { name: target } of endpoints) {
    const ratios = measured.all.flatMap((round) => {
      const { quiet, beside } = round[target] ?? {}
      return quiet == null || beside == null ? [] : [beside / quiet]
    })
    const cells = (['quiet', 'beside'] as const).map((field) =>
      measured.middle(target, field).toFixed(0).padStart(9),
    )
    console.log([target.padEnd(14), ...cells, spread(ratios)].join('  '))
  }
  console.log(measured.validity('quiet').text)
}
