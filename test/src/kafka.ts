import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { distribution, KafkaCluster, type SecuredListener } from '@sluice/kafka'

export interface TestKafka {
  readonly brokers: readonly string[]
  readonly cluster: KafkaCluster
  close(): Promise<void>
}

/** A real broker of a suite's own, or several. `quick`: starts sooner, and is slower under load. */
export async function startKafka(
  nodes = 1,
  quick = true,
  secured: readonly SecuredListener[] = [],
): Promise<TestKafka> {
  const cache = process.env['SLUICE_CACHE'] ?? join(homedir(), '.cache', 'sluice')
  const found = await distribution(cache, (what) => console.error(`kafka: ${what}`))
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kafka-'))
  const cluster = await KafkaCluster.start({ distribution: found, folder, nodes, port: 0, quick, secured })
  return {
    brokers: cluster.brokers,
    cluster,
    close: async () => {
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
