import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect } from 'node:tls'
import { refusal, Refused, type Reach } from '@sluice/core'
import { sslRequest } from './constants.ts'
import { Receiver } from './receiver.ts'
import type { PostgresSettings } from './target.ts'

const accepted = 0x53

export function unreachable(why: string, options?: ErrorOptions): Refused {
  const message = `The target database cannot be reached: ${why}`
  return new Refused(refusal('target_unreachable', 'postgres/upstream', message), options)
}

/** The connection was there and is gone, before anything of a caller went over it. */
export class ConnectionLost extends Refused {
  constructor(when: string) {
    super(unreachable(`it closed the connection during the ${when}.`).refusal)
  }
}

/** A byte stream to the target, encrypted and verified when its settings ask for it. Throws `Refused`. */
export async function dialTarget(session: Reach<PostgresSettings>): Promise<Duplex> {
  const { settings } = session.target
  const deadline = withDeadline(settings.connect_timeout_ms)
  try {
    const socket = await deadline.guard(session.dial())
    socket.on('error', () => {})
    if (settings.tls === 'disable') return socket
    return await deadline.guard(encrypt(socket, session.target.address.host, settings.tls_ca))
  } catch (error) {
    if (error instanceof Refused) throw error
    throw unreachable('the connection failed.', { cause: error })
  } finally {
    deadline.over()
  }
}

interface Deadline {
  /** The stream, or a rejection when time is up; a stream that comes too late is destroyed. */
  guard(stream: Promise<Duplex>): Promise<Duplex>
  over(): void
}

function withDeadline(ms: number): Deadline {
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => {})
  const timer = setTimeout(() => late.reject(unreachable('it does not answer.')), ms)
  return {
    guard: (stream) => {
      let expired = false
      stream.then((socket) => expired && socket.destroy()).catch(() => {})
      return Promise.race([stream, late.promise]).catch((error: unknown) => {
        expired = true
        throw error
      })
    },
    over: () => clearTimeout(timer),
  }
}

/** SSLRequest and the TLS handshake. A server that declines, or says more than one byte, is not spoken to. */
async function encrypt(socket: Duplex, host: string, ca: string | null): Promise<Duplex> {
  const receiver = new Receiver(socket)
  socket.write(sslRequest)
  const answered = await receiver.more()
  const { buffer } = receiver
  // Bytes behind the answer were sent in clear by somebody in between (CVE-2021-23222).
  const agreed = answered && buffer.length === 1 && buffer.data[buffer.at] === accepted
  receiver.detach()
  if (!agreed) {
    socket.destroy()
    throw unreachable('it does not offer TLS, which this target requires.')
  }
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const secured = connect(
    {
      socket,
      servername: isIP(host) === 0 ? host : '',
      minVersion: 'TLSv1.2',
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ...(ca === null ? {} : { ca }),
    },
    () => resolve(secured),
  )
  secured.once('error', (error) => {
    socket.destroy()
    reject(unreachable('its TLS certificate could not be verified.', { cause: error }))
  })
  secured.once('close', () => reject(new ConnectionLost('TLS handshake')))
  return promise
}
