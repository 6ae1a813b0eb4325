import { once } from 'node:events'
import { createServer } from 'node:net'

/** On loopback, for a program that cannot be asked which port it took. Somebody else may take it before that does. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return address.port
}
