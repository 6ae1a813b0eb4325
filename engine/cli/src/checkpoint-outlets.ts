import { resolve } from 'node:path'
import type { Clock } from '@sluice/core'
import { file, http, type Parcel, type Sink } from '@sluice/exporters'
import type { CheckpointOutlet } from '@sluice/journal'
import type { CheckpointConfig, HttpCheckpointConfig } from './config/checkpoints.ts'
import { pemOf } from './pem.ts'
import { secretOf, type Named } from './secrets.ts'

export interface OutletPorts extends Named {
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
}

/**
 * Where checkpoints are kept outside the log: a file, on disk when a line counts as kept, or whoever takes one by POST
 * and answers 2xx. Throws `SecretError` for what refers to nothing, so that it is found at start.
 */
export function buildOutlets(
  configs: readonly CheckpointConfig[],
  ports: OutletPorts,
): Promise<readonly CheckpointOutlet[]> {
  return Promise.all(
    configs.map(async (config) =>
      config.kind === 'file'
        ? through(fileSink(resolve(ports.base, config.path), ports), config.path, ports.clock)
        : through(await httpSink(config, ports), config.url.host, ports.clock),
    ),
  )
}

/** It is never put aside: whoever keeps it may move it. */
function fileSink(path: string, ports: OutletPorts): Sink {
  return file({ ...ports, path, rotateBytes: Infinity, rotateMs: null, gzip: false })
}

async function httpSink({ url, tlsCa, token }: HttpCheckpointConfig, ports: OutletPorts): Promise<Sink> {
  const read = token === null ? null : await secretOf(token, ports)
  const authority = await pemOf(tlsCa, ports.base)
  return http({ url, authority, shape: 'ndjson', secret: null, token: read, clock: ports.clock })
}

/** To a receiver of exports a line is one more document. */
function through(sink: Sink, name: string, clock: Clock): CheckpointOutlet {
  return {
    name,
    async keep(line, signal) {
      const delivery = await sink.deliver([parcelOf(line, clock.now())], signal)
      if (delivery.kind !== 'delivered') throw new Error(delivery.reason)
    },
    close: () => sink.close(),
  }
}

function parcelOf(text: string, timeMs: number): Parcel {
  const of = { type: 'CheckpointSigned', stream: 'checkpoints', seq: 0, severity: 6 } as const
  return { ...of, id: `checkpoint-${timeMs}`, timeMs, kind: 'document', text, bytes: Buffer.byteLength(text) }
}
