import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { eventually, tunnelStage } from './tunnel-stage.ts'

/** On other addresses of this machine, each of which leads to the same gateway. */
async function alsoAt(
  host: string,
  gateway: { readonly host: string; readonly port: number },
): Promise<Server> {
  const server = createServer((caller) => {
    const to = connect(gateway)
    for (const socket of [caller, to]) socket.on('error', () => {})
    caller.pipe(to).pipe(caller)
    caller.on('close', () => to.destroy())
    to.on('close', () => caller.destroy())
  })
  await once(server.listen(gateway.port, host), 'listening')
  return server
}

test('an agent has a connection to each address of a name, and follows what the name says', async (t) => {
  const stage = await tunnelStage()
  t.after(() => stage.close())
  for (const host of ['127.0.0.2', '127.0.0.3']) {
    const server = await alsoAt(host, stage.gateway)
    t.after(() => void server.close())
  }
  const enrolled = await stage.start('named')
  await enrolled.stop()
  let found = ['127.0.0.1', '127.0.0.2']
  const agent = await stage.start('named', {
    state: enrolled.state,
    at: { host: 'gateways.example', port: stage.gateway.port },
    resolve: async () => found,
  })
  const connections = (): number => stage.tunnels.all().filter(({ agent: id }) => id === agent.id).length
  await eventually(() => connections() === 2)
  found = ['127.0.0.1', '127.0.0.3']
  await eventually(() => connections() === 3, 10_000)
  const to = (host: string): boolean => agent.told.some((told) => told.startsWith(`connected to ${host}:`))
  await eventually(() => ['127.0.0.1', '127.0.0.2', '127.0.0.3'].every(to))
  // What the name does not say any more is not dialled again once it is lost.
  for (const tunnel of stage.tunnels.all()) tunnel.end('the network was cut')
  await eventually(() => connections() === 0)
  await eventually(() => connections() === 2)
  await stage.agents.remove(agent.id, { by: 'test#grace', reason: 'retired' })
  await assert.rejects(agent.ended, /was removed/)
})
