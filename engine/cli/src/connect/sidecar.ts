import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '@sluice/core'
import type { Door } from './gateway-socket.ts'
import { httpServer } from './http.ts'
import { listen, type Listening, type Place } from './listener.ts'
import { servePostgres } from './postgres.ts'
import { serveSsh } from './ssh.ts'
import type { TokenKeeper } from './token-keeper.ts'

export interface SidecarOptions {
  readonly protocol: string
  readonly target: string
  readonly door: Door
  readonly place: Place
  readonly tokens: TokenKeeper
}

/** What `sluice connect` opens beside an application: one target, under the token of who started it. */
export function startSidecar({ protocol, target, door, place, tokens }: SidecarOptions): Promise<Listening> {
  switch (protocol) {
    case 'postgres':
      return listen(
        connections((socket) => servePostgres(socket, { target, door, tokens })),
        place,
      )
    case 'http':
      return listen(httpServer({ target, door, tokens }), place)
    case 'ssh':
      return listen(
        connections((socket) => serveSsh(socket, { door, tokens })),
        place,
      )
    default:
      throw new Error(`target "${target}" speaks ${protocol}, for which there is no sidecar yet`)
  }
}

function connections(serve: (socket: Socket) => Promise<void>): Server {
  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, (socket) => {
    void serve(socket)
  })
  server.maxConnections = limits.sessionsMax
  return server
}
