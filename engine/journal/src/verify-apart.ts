import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { KafkaConnection } from './kafka/client.ts'
import type { Verification } from './verify.ts'

/** A log as another thread finds it. */
export type LogPlace = { readonly kept: readonly string[] } & (
  | { readonly kind: 'folder'; readonly folder: string }
  | {
      readonly kind: 'kafka'
      readonly connection: Omit<KafkaConnection, 'sasl'> & { readonly sasl?: unknown }
      readonly prefix: string
      readonly publicKey: Uint8Array
    }
)

/** How much of about how much is read: segments of a folder, records of Kafka. */
export interface VerifyProgress {
  readonly events: number
  readonly done: number
  readonly of: number
}

export type VerifyReport =
  | ({ readonly kind: 'progress' } & VerifyProgress)
  | { readonly kind: 'verified'; readonly verification: Verification }

/** What it may hold is bounded by the chains that are open at once, not by the length of the log. */
const heapMbMax = 512

const thread = new URL(`./verify-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/**
 * Verifies a log that this process writes, in a thread that gives way to it. Files of checkpoints that are not there are
 * left out. Rejects when the log cannot be read, or the signal aborts.
 */
export function verifyApart(
  place: LogPlace,
  progress: (progress: VerifyProgress) => void,
  signal: AbortSignal,
): Promise<Verification> {
  const { promise, resolve, reject } = Promise.withResolvers<Verification>()
  const worker = new Worker(thread, {
    workerData: { ...place, kept: place.kept.filter((file) => existsSync(file)) },
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    env: {},
  })
  const stop = (): void => {
    reject(new Error('it was stopped'))
    void worker.terminate()
  }
  worker.on('message', (report: VerifyReport) => {
    if (report.kind === 'progress') progress(report)
    else resolve(report.verification)
  })
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('its thread has ended')))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return promise.finally(() => {
    signal.removeEventListener('abort', stop)
    void worker.terminate()
  })
}
