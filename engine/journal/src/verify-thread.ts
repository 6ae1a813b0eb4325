import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@sluice/core'
import type { KafkaConnection } from './kafka/client.ts'
import { verifyKafka } from './kafka/verify.ts'
import { keptInFile } from './kept-checkpoints.ts'
import type { LogPlace, VerifyReport } from './verify-apart.ts'
import { verifyLog } from './verify.ts'

/** So often somebody is told how far it is. */
const toldEveryMs = 250

// There it is the calling thread's own; elsewhere it would be the whole gateway's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

const place = workerData as LogPlace
const kept = place.kept.map(keptInFile)
const tell = (report: VerifyReport): void => parentPort?.postMessage(report)
let toldAt = 0

function progress(events: number, { done, of }: { readonly done: number; readonly of: number }): void {
  const now = performance.now()
  if (now - toldAt < toldEveryMs) return
  toldAt = now
  tell({ kind: 'progress', events, done, of })
}

const verification =
  place.kind === 'folder'
    ? await verifyLog(place.folder, { kept, progress })
    : await verifyKafka({
        connection: place.connection as KafkaConnection,
        prefix: place.prefix,
        publicKey: place.publicKey,
        kept,
        clock: systemClock,
        progress,
      })
tell({ kind: 'verified', verification })
