import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { connect, type Socket } from 'node:net'
import type { Address } from '@sluice/core'
import { NotAllowed, type AllowList, type Resolve } from './allow-list.ts'
import { limits } from './limits.ts'
import { why } from './why.ts'

/** Why a stream was not opened, for whoever runs the gateway. */
export const reasonHeader = 'sluice-reason'

/** What an agent does with the requests of a gateway. */
export interface StreamPorts {
  readonly allow: AllowList
  readonly resolve: Resolve
  /** A certificate for the agent's own key. Throws when it is none that it may use. */
  readonly renew: (certificate: string) => Promise<void>
  /** For whoever runs the agent. Names no content. */
  readonly report: (what: string) => void
}

/** Serves what a gateway asks of an agent: CONNECT to a place on its list, and to take a new certificate. */
export function serveStreams(session: ServerHttp2Session, ports: StreamPorts): void {
  session.on('stream', (stream, headers) => {
    // What becomes of the stream is told by its end.
    stream.on('error', () => {})
    const served =
      headers[':method'] === 'CONNECT'
        ? tunnelled(stream, headers, ports)
        : headers[':method'] === 'POST' && headers[':path'] === '/certificate'
          ? renewed(stream, ports)
          : refused(stream, 404, 'this agent does nothing of the kind')
    served.catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  })
}

async function tunnelled(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  ports: StreamPorts,
): Promise<void> {
  const address = addressOf(headers[':authority'])
  if (address === undefined) return refused(stream, 400, 'it asks for no address')
  let socket: Socket
  try {
    socket = await dialled(await ports.allow.resolved(address, ports.resolve))
  } catch (error) {
    if (!(error instanceof NotAllowed)) return refused(stream, 502, why(error))
    ports.report(`a gateway asked for what is not allowed: ${error.message}`)
    return refused(stream, 403, error.message)
  }

  async function dialled(hosts: readonly string[]): Promise<Socket> {
    let failure: unknown = new Error('the name has no address')
    for (const host of hosts) {
      try {
        return await connected(host, address?.port ?? 0, stream)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  if (stream.destroyed) return void socket.destroy()
  join(stream, socket)
  stream.respond({ ':status': 200 })
}

/** Rejects when it takes too long, or when the gateway does not want it any more. */
function connected(host: string, port: number, stream: ServerHttp2Stream): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ host, port, noDelay: true, keepAlive: true, allowHalfOpen: true })
  const give = (what: string): void => {
    socket.destroy()
    reject(new Error(what))
  }
  const timer = setTimeout(() => give('it does not answer'), limits.targetConnectMs)
  const left = (): void => give('nobody waits for it')
  stream.once('close', left)
  socket.once('error', reject)
  socket.once('connect', () => resolve(socket))
  return promise.finally(() => {
    clearTimeout(timer)
    stream.off('close', left)
    socket.off('error', reject)
  })
}

/** Each side is read as fast as the other one takes it; each end is handed on by itself. */
function join(stream: ServerHttp2Stream, socket: Socket): void {
  stream.pipe(socket)
  socket.pipe(stream)
  // To close it would say that the answer is whole, before it says that it is not.
  socket.on('error', (error) => stream.destroy(error))
  // Nothing is sent any more to who has ended, but what is on its way; Node has no end of a stream that nobody reads.
  socket.once('end', () => socket.setTimeout(limits.lastBytesMs))
  socket.on('timeout', () => {
    // Who reads the answer takes its own time.
    if (socket.writableLength === 0) return void socket.setTimeout(limits.lastBytesMs)
    socket.destroy()
    stream.destroy()
  })
  socket.on('close', () => {
    // Nothing more comes from there; what came is still on its way.
    if (!stream.writableEnded) stream.end()
  })
  // Node does not always say `close` of a stream that was given up with data still to be sent.
  stream.once('aborted', () => stream.destroy())
  stream.on('close', () => {
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR && socket.writableEnded) socket.destroySoon()
    else socket.destroy()
  })
}

async function renewed(stream: ServerHttp2Stream, { renew, report }: StreamPorts): Promise<void> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.length > limits.helloBytesMax) return refused(stream, 413, 'this is no certificate')
  }
  try {
    await renew(text)
  } catch (error) {
    report(`a new certificate was not taken: ${why(error)}`)
    return refused(stream, 422, why(error))
  }
  stream.respond({ ':status': 204 }, { endStream: true })
}

async function refused(stream: ServerHttp2Stream, status: number, reason: string): Promise<void> {
  if (stream.destroyed || stream.headersSent) return
  stream.respond(
    { ':status': status, [reasonHeader]: encodeURIComponent(reason.slice(0, 300)) },
    { endStream: true },
  )
}

/** `host:port`, with brackets around the host of IPv6. */
export function addressOf(authority: string | undefined): Address | undefined {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]{1,253})):(\d{1,5})$/.exec(authority ?? '') ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}
