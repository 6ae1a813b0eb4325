import { after } from 'node:test'
import { MissingError, type SecuredListener } from '@sluice/kafka'
import { startKafka, type TestKafka } from '../src/kafka.ts'

/** A broker for a file of tests, or why there is none: then these are skipped, and say so. */
export async function broker(
  nodes = 1,
  secured: readonly SecuredListener[] = [],
): Promise<TestKafka | { readonly missing: string }> {
  try {
    const kafka = await startKafka(nodes, true, secured)
    after(() => kafka.close())
    return kafka
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    console.error(`These tests need Apache Kafka: ${error.message}`)
    return { missing: error.message }
  }
}
