import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { limits, pause, type Address, type Clock } from '@sluice/core'

export interface ConnectionTo {
  readonly address: Address
  /** `null`: in clear. Certificates are always verified. */
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> | null
  readonly clock: Pick<Clock, 'after'>
}

const keepAliveMs = 15_000
/** A receiver that takes connections and wants none, of this certificate or at all, says so by then. */
const hesitationMs = 250
/** Written at once: a slow receiver must take this much in time, and not a whole batch. */
const pieceBytes = 65_536
const notInTime = `it did not take it within ${limits.exportAttemptMs} ms`

/** A connection that stays, on which nothing is read but its end. Rejects when there is none, or on abort. */
export async function openConnection(to: ConnectionTo, signal: AbortSignal): Promise<Socket> {
  const socket = await connected(to, signal)
  socket.setKeepAlive(true, keepAliveMs)
  socket.resume()
  socket.once('end', () => socket.destroy())
  await pause(hesitationMs, to.clock, signal)
  if (signal.aborted) socket.destroy()
  if (socket.destroyed) throw new Error('the connection was closed')
  return socket
}

function connected(
  { address: { host, port }, tls, clock }: ConnectionTo,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const servername = isIP(host) === 0 ? host : ''
    const socket =
      tls === null
        ? connectPlain({ host, port, noDelay: true })
        : connectTls({ ...tls, host, port, servername, minVersion: 'TLSv1.2' })
    const give = (): void => void socket.destroy(new Error('the gateway stops'))
    const late = clock.after(limits.exportAttemptMs, () => socket.destroy(new Error(notInTime)))
    const done = (): void => {
      late[Symbol.dispose]()
      signal.removeEventListener('abort', give)
    }
    signal.addEventListener('abort', give, { once: true })
    if (signal.aborted) give()
    // After this an error is followed by `close`, which is where it is dealt with.
    socket.on('error', reject)
    socket.once('close', () => {
      done()
      reject(new Error('the connection was closed'))
    })
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      done()
      resolve(socket)
    })
  })
}

/** Resolves once the machine has it all. A receiver that does not read in time loses its connection. */
export async function writeTo(
  socket: Socket,
  bytes: Buffer,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<void> {
  const give = (): void => void socket.destroy(new Error('the gateway stops'))
  signal.addEventListener('abort', give, { once: true })
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      await writePiece(socket, bytes.subarray(at, at + pieceBytes), clock)
  } finally {
    signal.removeEventListener('abort', give)
  }
}

function writePiece(socket: Socket, piece: Buffer, clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const closed = (): void => reject(new Error('the connection was closed'))
    const late = clock.after(limits.exportAttemptMs, () => {
      reject(new Error(notInTime))
      socket.destroy()
    })
    if (socket.destroyed) closed()
    socket.once('close', closed)
    socket.write(piece, (error) => {
      late[Symbol.dispose]()
      socket.off('close', closed)
      if (error == null) resolve()
      else reject(error)
    })
  })
}

/** Why there is no connection, without its address. */
export function wordsOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown }
  if (typeof code === 'string') return `no connection: ${code}`
  return error instanceof Error ? error.message : 'the connection failed'
}
