import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect } from 'node:tls'
import { refusal, Refused, type Address } from '@sluice/core'
import type { HttpSettings } from './target.ts'

export type Dial = () => Promise<Duplex>

export function unreachable(why: string, options?: ErrorOptions): Refused {
  const message = `The target cannot be reached: ${why}`
  return new Refused(refusal('target_unreachable', 'http/upstream', message), options)
}

/** A connection to the target, encrypted and verified when its settings ask for it. Rejects with `Refused`. */
export async function dialTarget(
  dial: Dial,
  { host }: Address,
  settings: Pick<HttpSettings, 'tls' | 'tls_ca' | 'connect_timeout_ms'>,
): Promise<Socket> {
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => {})
  const timer = setTimeout(() => late.reject(unreachable('it does not answer.')), settings.connect_timeout_ms)
  let expired = false
  const connected = dialled(dial, host, settings)
  connected.then((socket) => expired && socket.destroy()).catch(() => {})
  try {
    return await Promise.race([connected, late.promise])
  } catch (error) {
    expired = true
    throw error instanceof Refused ? error : unreachable('the connection failed.', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function dialled(
  dial: Dial,
  host: string,
  { tls, tls_ca }: Pick<HttpSettings, 'tls' | 'tls_ca'>,
): Promise<Socket> {
  const stream = await dial()
  stream.on('error', () => {})
  if (tls === 'verify-full') return await encrypt(stream, host, tls_ca)
  // What comes from an agent is none by its class. The client asks nothing of it that a stream cannot do.
  return stream as Socket
}

function encrypt(stream: Duplex, host: string, ca: string | null): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const secured = connect(
    {
      socket: stream,
      servername: isIP(host) === 0 ? host : '',
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ...(ca === null ? {} : { ca }),
    },
    () => resolve(secured),
  )
  secured.once('error', (error) => {
    stream.destroy()
    reject(unreachable('its TLS certificate could not be verified.', { cause: error }))
  })
  secured.once('close', () => reject(unreachable('it closed the connection during the TLS handshake.')))
  return promise
}
