import { ConfigError, dataFolder, policyLine } from '@sluice/cli'
import { startDemo, type Demo } from './demo.ts'
import { demoPorts } from './ports.ts'
import { screen } from './screen.ts'

/** `npm start`: the demo, until it is told to stop. */
async function main(): Promise<void> {
  const { env } = process
  const demo = await startDemo({
    ports: demoPorts(env['SLUICE_PORT_BASE']),
    data: dataFolder(env),
    config: env['SLUICE_CONFIG'] ?? null,
    env,
    step: (what) => console.log(`${what} …`),
    report: (what, error) => console.error(`${what}: ${messageOf(error)}`),
    activated: (change) => console.log(policyLine(change)),
  })
  console.log(screen(demo, { cwd: process.cwd(), env }))
  process.off('SIGINT', giveUp).off('SIGTERM', giveUp)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(demo))
}

/** Before everything runs there is nothing to drain, and PostgreSQL ends with this process. */
function giveUp(): void {
  process.exit(1)
}

async function stop(demo: Demo): Promise<void> {
  console.log('\ndraining …')
  await demo.close()
  console.log('stopped')
  process.exit(0)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

process.once('SIGINT', giveUp).once('SIGTERM', giveUp)
try {
  await main()
} catch (error) {
  const mistake = error instanceof ConfigError
  console.error(mistake ? error.message : `Sluice did not start: ${messageOf(error)}`)
  process.exit(mistake ? 2 : 1)
}
