import { once } from 'node:events'
import { createServer } from 'node:net'
import { demoPorts, type DemoPorts } from './ports.ts'

/** Ports for the demo of a test, so that the demo of whoever runs it may run too. */
export async function freePorts(): Promise<DemoPorts> {
  for (let base = 20_000 + (process.pid % 400) * 50; ; base += 50) {
    const ports = demoPorts(String(base))
    const free = await Promise.all(Object.values(ports).map((port) => isFree(port as number)))
    if (free.every(Boolean)) return ports
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  const listens = once(probe.listen(port, '127.0.0.1'), 'listening').then(
    () => true,
    () => false,
  )
  const free = await listens
  probe.close()
  return free
}
