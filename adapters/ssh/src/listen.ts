import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import ssh2, { type Connection } from 'ssh2'
import {
  callerAddress,
  limits,
  type Address,
  type Endpoint,
  type Gate,
  type Listener,
  type Refusal,
  type Session,
} from '@sluice/core'
import { knownDetectors } from '@sluice/masking'
import { algorithms } from './algorithms.ts'
import { certificateBlob } from './certificate.ts'
import { Conversation } from './conversation.ts'
import { presentCertificate } from './library/host-certificates.ts'
import { Reception } from './reception.ts'
import type { SshSettings } from './target.ts'
import { tellAll } from './turned-away.ts'

/** Whose program was stopped at the end of the drain is told so within this. */
const farewellMs = 1_000

const hostKeyType = 'ssh-ed25519'

/** Connections of one address of which nobody knows yet whose they are, and all of them. */
const strangersMax = 32
const connectionsMax = 500

/** One connection and what is known of it. */
interface Guest {
  readonly socket: Socket
  readonly address: string
  /** Nobody knows whose it is. */
  stranger: boolean
  connection: Connection | undefined
  conversation: Conversation | undefined
}

/** Station 1: accepts connections and lets each talk. Resolves when the port is open. */
export async function listen(endpoint: Endpoint, gate: Gate<SshSettings>): Promise<Listener> {
  const { hostKey, hostCertificate, stallMs = limits.callerStallMs } = endpoint
  if (hostKey === undefined) throw new Error('SSH needs a host key')
  const means = {
    detectors: knownDetectors(gate.patterns),
    recognisers: new Map(
      gate.recognisers.flatMap((each) => each.detectors.map((name) => [name, each] as const)),
    ),
    pseudonyms: gate.pseudonyms,
  }
  const guests = new Map<string, Guest>()
  const protocol = new ssh2.Server({
    hostKeys: [hostKey],
    algorithms: { ...algorithms, serverHostKey: [hostKeyType] },
    ident: 'Sluice',
    keepaliveInterval: limits.keepAliveMs,
    keepaliveCountMax: 3,
  })
  protocol.on('connection', (connection, { ip, port, header }) => {
    const guest = guests.get(placeOf(ip, port))
    if (guest === undefined) return void connection.end()
    if (hostCertificate !== undefined)
      presentCertificate(connection, hostKeyType, () => certificateBlob(hostCertificate()))
    receive(guest, connection, header.versions.software.slice(0, 64))
  })

  function receive(guest: Guest, connection: Connection, application: string): void {
    const { socket, address } = guest
    const manner = { cut: () => void socket.destroy(), stallMs }
    guest.connection = connection
    // What goes wrong with it ends it, which is seen there.
    connection.on('error', () => {})
    const reception = new Reception(gate, { ip: address, application }, connection, {
      admit: async (session: Session<SshSettings>, login: string | null) => {
        const conversation = new Conversation({ connection, session, login, means, ...manner })
        await conversation.begin()
        guest.conversation = conversation
        guest.stranger = false
        connection.once('close', () => void conversation.close())
        socket.on('data', () => conversation.checkWindows())
      },
      turnAway: (reason: Refusal) => {
        guest.stranger = false
        tellAll(connection, reason, manner)
      },
    })
    reception.begin()
  }

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.keepAliveMs })
  server.maxConnections = limits.sessionsMax
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    const address = callerAddress(socket)
    const place = placeOf(socket.remoteAddress, socket.remotePort)
    if (isTooMany(address)) {
      socket.destroy()
      return
    }
    const guest: Guest = { socket, address, stranger: true, connection: undefined, conversation: undefined }
    guests.set(place, guest)
    const late = setTimeout(() => {
      if (guest.stranger) socket.destroy()
    }, limits.helloWaitMs)
    socket.once('close', () => {
      clearTimeout(late)
      guests.delete(place)
    })
    protocol.injectSocket(socket)
  })

  function isTooMany(address: string): boolean {
    const alike = [...guests.values()].filter((guest) => guest.address === address)
    return alike.length >= connectionsMax || alike.filter(({ stranger }) => stranger).length >= strangersMax
  }

  server.listen(endpoint.address)
  await once(server, 'listening')
  const { host } = endpoint.address
  const bound = server.address()
  const address: Address = {
    host,
    port: typeof bound === 'object' && bound !== null ? bound.port : endpoint.address.port,
  }
  return {
    address,
    renew: () => {
      throw new Error('SSH shows no certificate')
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const { socket, connection, conversation } of guests.values())
        if (conversation === undefined) {
          connection?.end()
          socket.end()
        }
      // What runs may finish: the gate drains, and ends the sessions.
      const late = setTimeout(() => {
        for (const { socket } of guests.values()) socket.destroy()
      }, limits.drainMs + farewellMs)
      await closed
      clearTimeout(late)
    },
  }
}

function placeOf(ip: string | undefined, port: number | undefined): string {
  return `${ip ?? ''} ${port ?? 0}`
}
