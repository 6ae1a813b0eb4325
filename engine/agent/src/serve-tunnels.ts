import {
  constants,
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import { refusal, Refused, type Address, type Refusal } from '@sluice/core'
import { agentHeader, refusalHeader } from './ipc-tunnels.ts'
import { limits } from './limits.ts'
import { addressOf } from './streams.ts'
import type { Tunnels } from './tunnels.ts'

export interface ServedTunnels {
  readonly tunnels: Pick<Tunnels, 'dial'>
  /** Some target is at that address behind agents of that name: a worker, which reads what callers send, gets nowhere else. */
  readonly isTarget: (name: string, address: Address) => boolean
}

/** The supervisor's end of what one worker sends through tunnels, for as long as the worker lasts. */
export function serveTunnels(socket: Duplex, ports: ServedTunnels): void {
  const session = performServerHandshake(socket, {
    maxSessionMemory: limits.sessionMemoryMib,
    streamResetBurst: limits.resetsBurst,
    streamResetRate: limits.resetsPerSecond,
    settings: {
      maxConcurrentStreams: limits.ipcStreamsMax,
      initialWindowSize: limits.uploadWindowBytes,
      maxFrameSize: limits.frameBytes,
    },
  })
  session.setLocalWindowSize(limits.uploadConnectionWindowBytes)
  session.on('error', () => {})
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    serve(stream, headers, ports).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  })
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { tunnels, isTarget }: ServedTunnels,
): Promise<void> {
  const [name, address] = [headers[agentHeader], addressOf(headers[':authority'])]
  if (typeof name !== 'string' || address === undefined || !isTarget(name, address))
    return refuse(stream, noTarget)
  let target: Duplex
  try {
    target = await tunnels.dial(name, address)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return refuse(stream, error.refusal)
  }
  if (stream.destroyed) return void target.destroy()
  join(stream, target)
  stream.respond({ ':status': 200 })
}

/**
 * Each is read as fast as the other one takes it. What is cut off on one side is cut off on the other, and never an end. Of
 * a stream that was given up with data still to be sent, Node says `aborted`, but not always `close`.
 */
function join(stream: ServerHttp2Stream, target: Duplex): void {
  stream.pipe(target)
  target.pipe(stream)
  target.on('error', () => {})
  target.on('close', () => {
    if (!target.readableEnded) stream.destroy(new Error('cut off'))
    // Nobody takes what is said to who has left.
    else stream.resume()
  })
  stream.once('aborted', () => stream.destroy())
  stream.on('close', () => {
    if (!target.readableEnded || !target.writableEnded) target.destroy()
  })
}

function refuse(stream: ServerHttp2Stream, why: Refusal): void {
  if (stream.destroyed) return
  stream.respond(
    { ':status': 502, [refusalHeader]: encodeURIComponent(JSON.stringify(why)) },
    { endStream: true },
  )
}

const noTarget = refusal('target_unreachable', 'sluice/agent', 'No target is there any more: connect again.')
