import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inTurn } from '@sluice/demo'
import { distribution, KafkaCluster, type SecuredListener } from '@sluice/kafka'
import { installing, machineCache } from './program.ts'

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
  const tell = (what: string): void => console.error(`kafka: ${what}`)
  const found = await inTurn(installing, () => distribution(machineCache, tell))
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
