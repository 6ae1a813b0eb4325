import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { limits, type Address, type Certificate, type Endpoint, type Gate, type Listener } from '@sluice/core'
import { Analyser } from './analyser.ts'
import { CatalogueSource } from './catalogue-source.ts'
import { knownDetectors } from '@sluice/masking'
import { Conversation } from './conversation.ts'
import type { Means } from './detect/oblige.ts'
import { ParserThread } from './parse.ts'
import { Reception } from './reception.ts'
import type { PostgresSettings } from './target.ts'

/**
 * Station 1: accepts connections, authenticates each through the gate before anything is dialled, and lets it talk.
 * Resolves when the port is open.
 */
export async function listen(endpoint: Endpoint, gate: Gate<PostgresSettings>): Promise<Listener> {
  const thread = new ParserThread()
  const analysers = new Map<string, Analyser>()
  const open = new Set<Promise<void>>()
  const means: Means = {
    detectors: knownDetectors(gate.patterns),
    recognised: new Set(gate.recognisers.flatMap(({ detectors }) => detectors)),
    pseudonyms: gate.pseudonyms,
  }
  let secured = endpoint.tls === undefined ? undefined : secureContext(endpoint.tls)

  /** One picture of each target and one memory of its statements, for all connections. */
  function analyserOf(target: string): Analyser {
    const known = analysers.get(target)
    if (known !== undefined) return known
    const analyser = new Analyser(new CatalogueSource(), thread)
    analysers.set(target, analyser)
    return analyser
  }

  async function serve(socket: Socket): Promise<void> {
    const admitted = await new Reception(secured, gate).admit(socket)
    if (admitted === undefined) return
    const analyser = analyserOf(admitted.session.target.name)
    await new Conversation({ ...admitted, analyser, means }).run()
  }

  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, (socket) => {
    const served = serve(socket)
      .catch(() => void socket.destroy())
      .finally(() => open.delete(served))
    open.add(served)
  })
  server.maxConnections = limits.sessionsMax
  const address = await bound(server, endpoint.address)
  return {
    address,
    renew: (certificate) => (secured = secureContext(certificate)),
    async close() {
      server.close()
      await Promise.all(open)
      await thread.close()
    },
  }
}

function secureContext({ cert, key }: Certificate): SecureContext {
  return createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
}

async function bound(server: Server, { host, port }: Address): Promise<Address> {
  server.listen({ host, port })
  await once(server, 'listening')
  const found = server.address()
  return { host, port: typeof found === 'object' && found !== null ? found.port : port }
}
