import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { intercepted, startBackend, type Backend, type Login } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** What the server says by itself keeps its place between the answers, however long a decision takes. */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const appendMs = 400

suite('notifications', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let slow = false

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      store: (store) =>
        intercepted(store, async (unit, options) => {
          const position = await store.append(unit, options)
          if (slow && options.urgency === 'now') await sleep(appendMs)
          return position
        }),
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  test('arrive in the order of their commits while a statement is being judged', async () => {
    const client = await connected(await gateway.login('alice', 'shop'))
    const other = await connected(backend.login('postgres'))
    try {
      const heard: (string | undefined)[] = []
      client.on('notification', ({ payload }) => heard.push(payload))
      await client.query('LISTEN news')
      slow = true
      const judged = client.query("NOTIFY news, 'second'")
      await sleep(appendMs / 4)
      await other.query("NOTIFY news, 'first'")
      await judged
      assert.deepEqual(heard, ['first', 'second'])
    } finally {
      slow = false
      await client.end()
      await other.end()
    }
  })

  test('that nothing is sent after any more arrive too', async () => {
    const client = await connected(await gateway.login('alice', 'shop'))
    const other = await connected(backend.login('postgres'))
    try {
      const heard: (string | undefined)[] = []
      client.on('notification', ({ payload }) => heard.push(payload))
      await client.query('LISTEN news')
      slow = true
      // Answered without the server.
      const refused = assert.rejects(client.query('SELEC'), { code: '42601' })
      await sleep(appendMs / 4)
      await other.query("NOTIFY news, 'meanwhile'")
      await refused
      await client.query('SELECT 1')
      assert.deepEqual(heard, ['meanwhile'])
    } finally {
      slow = false
      await client.end()
      await other.end()
    }
  })
})

async function connected({ host, port, user, password, database }: Login): Promise<Client> {
  const client = new Client({ host, port, user, password, database })
  await client.connect()
  return client
}
