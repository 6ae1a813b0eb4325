import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isLoopback, type Address } from '@sluice/core'
import { Unreachable } from '../command.ts'

const connectMs = 10_000

/** Where the gateway takes a protocol. Off this machine a token only travels over TLS, to the host of that name. */
export interface Door {
  readonly address: Address
  readonly secured: boolean
}

export function doorAt(address: Address): Door {
  return { address, secured: !(isLoopback(address.host) || address.host === 'localhost') }
}

/** Rejects with `Unreachable`. */
export async function dial({ address: { host, port } }: Door): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true })
  await settled(socket, 'connect', `no gateway answers at ${host}:${port}`)
  return socket
}

/**
 * TLS over a connection that is there, with the certificate of exactly that host from an authority of the system or
 * `--ca`; there is no mode that looks less closely. Rejects with `Unreachable`.
 */
export async function secured(
  socket: Socket,
  { address: { host, port } }: Door,
  ALPNProtocols: string[],
): Promise<Socket> {
  const name = isIP(host) === 0 ? { servername: host } : {}
  const tls = connectTls({ socket, host, ...name, ALPNProtocols, minVersion: 'TLSv1.2' })
  await settled(tls, 'secureConnect', `the gateway at ${host}:${port} shows no certificate to be trusted`)
  return tls
}

async function settled(socket: Socket, event: string, what: string): Promise<void> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(connectMs) })
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    const why = error instanceof Error ? (error.cause ?? error) : error
    const reason = why instanceof Error && why.name !== 'TimeoutError' ? ` (${codeOf(why)})` : ''
    throw new Unreachable(`${what}${reason}`, { cause: error })
  }
}

/** Why a connection could not be made, e.g. `ECONNREFUSED` or `SELF_SIGNED_CERT_IN_CHAIN`. */
export function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}
