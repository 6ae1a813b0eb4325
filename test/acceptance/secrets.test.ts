import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import type { EventStore, Unit } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { startBackend, startGateway, type Backend, type Gateway } from '../src/index.ts'

/**
 * What must never be in the log is not even sealed in it, whether the request is performed or refused, and at the server
 * it is what the client sent.
 */

const secret = 'Kx9-canary-4711'
const open = fileURLToPath(new URL('../catalogue/policies/open', import.meta.url))

const statements: readonly (readonly [sql: string, values?: readonly string[]])[] = [
  [`create role app_simple login password '${secret}'`],
  [`alter role app_simple with encrypted password $$${secret}$$ /* password=${secret} */`],
  [`update accounts set password = '${secret}' where id = 1`],
  ['update accounts set password = $1 where id = $2', [secret, '1']],
  ['insert into accounts (id, password) values ($1, $2)', ['2', secret]],
  [`select 'postgresql://bob:${secret}@db/x'`],
  [`select 1 from accounts where password = '${secret}'`],
  [`select '${secret}'::int from accounts where password = '${secret}'`],
  [`create role app_simple password '${secret}'`],
  [`alter role nobody_of_that_name password '${secret}'`],
  [`alter role app_simple password '${secret}`],
  [`do $do$ begin execute 'alter role app_simple password ''${secret}'''; end $do$`],
  [`prepare keep(text) as update accounts set password = $1 where id = 1`],
  [`execute keep('${secret}')`],
]

suite('secrets', () => {
  const parts = new AsyncDisposableStack()
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  const written: Unit[] = []

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', 'create table accounts (id int primary key, password text)')
    await backend.run('postgres', "insert into accounts values (1, 'x')")
    gateway = await startGateway({
      provider,
      policies: open,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      store: (store) => keeping(store, written),
    })
    parts.defer(() => gateway.close())
    const client = new Client(await gateway.login('alice', 'shop'))
    client.on('error', () => {})
    await client.connect()
    for (const [text, values] of statements)
      await client.query({ text, ...(values === undefined ? {} : { values: [...values] }) }).catch(() => {})
    await client.end()
  })
  after(() => parts.disposeAsync())

  test('reach the server as they were sent', async () => {
    const own = new Client(backend.login('postgres'))
    await own.connect()
    const { rows } = await own.query<{ id: number; password: string }>('select * from accounts order by id')
    await own.end()
    assert.deepEqual(rows, [
      { id: 1, password: secret },
      { id: 2, password: secret },
    ])
  })

  test('are in nothing that was handed to the log, in any form', () => {
    const requests = written.flatMap(({ events }) => events).filter(({ type }) => type === 'RequestReceived')
    assert.ok(requests.length >= statements.length, `${requests.length} requests`)
    for (const { events } of written)
      for (const event of events) {
        const sealed = Buffer.from(event.sealed ?? [])
        for (const text of [JSON.stringify(event.data), sealed.toString('latin1')])
          for (const form of [
            secret,
            Buffer.from(secret).toString('hex'),
            Buffer.from(secret).toString('base64'),
          ])
            assert.ok(!text.includes(form), `${event.type}: ${text}`)
      }
  })

  test('are in no file of the log, and what surrounds them is', async () => {
    for (const name of await readdir(gateway.log, { recursive: true })) {
      const content = await readFile(`${gateway.log}/${name}`).catch(() => Buffer.alloc(0))
      assert.ok(!content.includes(secret), name)
    }
    const sealed = written
      .flatMap(({ events }) => events)
      .map((event) => Buffer.from(event.sealed ?? []).toString('latin1'))
    const mark = '[redacted]'
    assert.ok(sealed.some((text) => text.includes(`create role app_simple login password '${mark}'`)))
  })
})

function keeping(store: EventStore, written: Unit[]): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'append')
        return (unit: Unit, options: Parameters<EventStore['append']>[1]) => {
          written.push(unit)
          return target.append(unit, options)
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
