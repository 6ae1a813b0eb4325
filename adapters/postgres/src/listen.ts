import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import {
  limits,
  pooled,
  type Address,
  type Certificate,
  type Endpoint,
  type Gate,
  type Listener,
} from '@sluice/core'
import { AnalysisThread } from './analysis-thread.ts'
import { Analyser } from './analyser.ts'
import { CatalogueSource } from './catalogue-source.ts'
import { knownDetectors } from '@sluice/masking'
import { Conversation } from './conversation.ts'
import type { Means } from './detect/oblige.ts'
import type { LogIn } from './login.ts'
import { Processes } from './processes.ts'
import { Pool } from './pool.ts'
import { Reception } from './reception.ts'
import type { PostgresSettings } from './target.ts'
import { TargetParts } from './target-parts.ts'

const options = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: limits.keepAliveMs,
  allowHalfOpen: true,
} as const

/**
 * Station 1: accepts connections, authenticates each through the gate before anything is dialled, and lets it talk.
 * Resolves when the port is open.
 */
export async function listen(endpoint: Endpoint, gate: Gate<PostgresSettings>): Promise<Listener> {
  const thread = new AnalysisThread()
  const pools = new TargetParts(({ name }) => new Pool(name))
  const analysers = new TargetParts(
    ({ name }) => new Analyser(new CatalogueSource(undefined, () => gate.changed(name)), thread),
  )
  const processes = new TargetParts(() => new Processes())
  gate.onChanged((target) => analysers.named(target)?.source.changedElsewhere())
  const open = new Set<Promise<void>>()
  const means: Means = {
    detectors: knownDetectors(gate.patterns),
    recognised: new Set(gate.recognisers.flatMap(({ detectors }) => detectors)),
    pseudonyms: gate.pseudonyms,
  }
  /** Who has not logged in yet. */
  const strangers = new Set<Socket>()
  let secured = endpoint.tls === undefined ? undefined : secureContext(endpoint.tls)

  const login: LogIn = (session, ...rest) => pools.of(session.target).take(session, ...rest)

  async function serve(socket: Socket): Promise<void> {
    strangers.add(socket)
    const reception = new Reception(secured, gate, login)
    const admitted = await reception.admit(socket).finally(() => strangers.delete(socket))
    if (admitted === undefined) return
    const analyser = analysers.of(admitted.session.target)
    const { stallMs = limits.callerStallMs } = endpoint
    await new Conversation({
      ...admitted,
      analyser,
      processes: processes.of(admitted.session.target),
      means,
      stallMs,
    }).run()
  }

  const server = createServer(options, (socket) => {
    const served = serve(socket)
      .catch(() => void socket.destroy())
      .finally(() => open.delete(served))
    open.add(served)
  })
  server.maxConnections = limits.sessionsMax
  const address = await bound(server, endpoint.address)
  return {
    address,
    pools: () => pooled(Array.from(pools.all()).flatMap(({ state }) => state ?? [])),
    load: (target) => pools.named(target)?.load,
    renew: (certificate) => (secured = secureContext(certificate)),
    async close() {
      const late = setTimeout(() => {
        for (const socket of strangers) socket.destroy()
      }, limits.drainMs)
      // Who comes while the sessions end is told by the gate to try elsewhere, which a closed port cannot say.
      await Promise.all(open)
      server.close()
      await Promise.all(open)
      clearTimeout(late)
      for (const pool of pools.all()) pool.close()
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
