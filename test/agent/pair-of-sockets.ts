import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** As two processes inherit one: what is said at either is heard at the other. */
export async function pairOfSockets(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const one = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [other] = (await accepted) as [Socket]
  server.close()
  return [one, other]
}
