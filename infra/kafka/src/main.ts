import { once } from 'node:events'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { KafkaCluster } from './cluster.ts'
import { distribution } from './distribution.ts'

/** `npm run kafka`: a real broker on loopback, or three, until it is told to stop. */
const usage = `npm run kafka -- [--nodes 1|3] [--port 9092] [--data .sluice/kafka]

Starts Apache Kafka and stops it on Ctrl-C; the data stays. Then: KAFKA_BROKERS=127.0.0.1:9092 npm start`

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    port: { type: 'string', default: '9092' },
    data: { type: 'string', default: '.sluice/kafka' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

async function main(): Promise<void> {
  if (values.help) return console.log(usage)
  const nodes = Number(values.nodes)
  const port = Number(values.port)
  if (!Number.isInteger(nodes) || nodes < 1 || !Number.isInteger(port)) throw new Error(usage)
  const step = (what: string): void => console.error(`${what} …`)
  const found = await distribution(cacheFolder(), step)
  step(nodes === 1 ? 'starting Kafka' : `starting Kafka on ${nodes} nodes`)
  const cluster = await KafkaCluster.start({
    distribution: found,
    folder: resolve(values.data),
    nodes,
    port,
  })
  console.log(cluster.brokers.join(','))
  console.error('Kafka is ready. Ctrl-C stops it.')
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  step('stopping')
  await cluster.close('term')
}

function cacheFolder(): string {
  return process.env['SLUICE_CACHE'] ?? join(homedir(), '.cache', 'sluice')
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
