import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { Address } from '@sluice/core'
import { gatewayHost, pinOf } from './authority.ts'
import { welcomeFrom, type AgentRefusalCode, type Hello, type Welcome } from './hello.ts'
import { limits } from './limits.ts'
import { readLine, writeLine } from './line.ts'
import type { AgentState } from './state.ts'

/** A gateway that was reached, and says no. */
export class NotWelcome extends Error {
  override readonly name = 'NotWelcome'
  readonly code: AgentRefusalCode
  constructor({ code, message }: { readonly code: AgentRefusalCode; readonly message: string }) {
    super(message)
    this.code = code
  }
}

/** TLS to what the authority says is a gateway, whatever its address. Rejects when it is none, or does not answer. */
export async function connectTo(
  gateway: Address,
  authority: string,
  identity: Pick<AgentState, 'privateKey' | 'certificate'> | null,
): Promise<TLSSocket> {
  const own =
    identity === null || identity.certificate === null
      ? {}
      : {
          cert: identity.certificate,
          key: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        }
  return await secured(
    connect({
      ...placeOf(gateway),
      ...own,
      ca: authority,
      // By whom it was signed and for what is what counts: the address is how it is found.
      checkServerIdentity: (_host, { subjectaltname }) =>
        subjectaltname === `DNS:${gatewayHost}` ? undefined : new Error('this is no gateway of Sluice'),
    }),
  )
}

/** The authority of a gateway that nobody knows yet, when it is the one that was told of. Nothing is sent there. */
export async function authorityAt(gateway: Address, pin: string): Promise<string> {
  const socket = await secured(connect({ ...placeOf(gateway), rejectUnauthorized: false }))
  try {
    const { issuerCertificate } = socket.getPeerCertificate(true)
    const found = issuerCertificate === undefined ? undefined : new X509Certificate(issuerCertificate.raw)
    if (found === undefined || pinOf(found) !== pin)
      throw new Error('the gateway there is not the one that the token is for')
    return found.toString()
  } finally {
    socket.destroy()
  }
}

/** Both say their lines. Rejects with `NotWelcome` when the gateway says no. */
export async function greeted(socket: TLSSocket, hello: Hello): Promise<Welcome & { readonly ok: true }> {
  await writeLine(socket, hello)
  const welcome = welcomeFrom(await readLine(socket))
  if (!welcome.ok) throw new NotWelcome(welcome)
  return welcome
}

function placeOf({ host, port }: Address): object {
  return { host, port, minVersion: 'TLSv1.3', ...(isIP(host) === 0 ? { servername: host } : {}) }
}

async function secured(socket: TLSSocket): Promise<TLSSocket> {
  socket.on('error', () => {})
  socket.setNoDelay(true)
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(limits.gatewayConnectMs) })
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof Error && error.name === 'AbortError')
      throw new Error('it does not answer', { cause: error })
    throw error
  }
}
