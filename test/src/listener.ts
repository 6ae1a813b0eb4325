import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Place } from './wire-client.ts'

/** A server over plain sockets, on a port of its own. */
export interface Listener extends Place {
  /** Ends also what it has taken. Idempotent. */
  close(): Promise<void>
}

export async function listen(serve: (socket: Socket) => void): Promise<Listener> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const end = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { host: '127.0.0.1', port, close: () => (closing ??= end()) }
}
