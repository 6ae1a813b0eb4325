import { connect, type Socket } from 'node:net'
import { listen, type Listener } from '../src/listener.ts'
import type { Place } from '../src/wire-client.ts'

/** A way to a server on which what is sent may vanish without anybody being told. */
export interface DroppingProxy extends Listener {
  /** Nothing more arrives on any connection there is, in either direction; new ones work. */
  swallow(): void
}

export async function startDroppingProxy(to: Place): Promise<DroppingProxy> {
  const open = new Set<readonly [Socket, Socket]>()
  const listener = await listen((caller) => {
    const server = connect({ ...to, noDelay: true })
    const pair = [caller, server] as const
    open.add(pair)
    for (const socket of pair) socket.on('error', () => {})
    caller.pipe(server)
    server.pipe(caller)
    caller.on('close', () => server.destroy())
    server.on('close', () => caller.destroy())
  })
  return {
    ...listener,
    swallow() {
      for (const [caller, server] of open) {
        caller.unpipe(server).removeAllListeners('close').removeAllListeners('end').resume()
        server.unpipe(caller).removeAllListeners('close').removeAllListeners('end').resume()
      }
      open.clear()
    },
  }
}
