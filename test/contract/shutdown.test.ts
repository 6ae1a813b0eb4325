import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { limits } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { LoginRefused, message, startBackend, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** A gateway that stops: what runs may finish, for a while; who waits is told; and it ends in its time whatever clients do. */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const marginMs = 3_000

suite('a gateway that stops', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int)')
  })
  beforeEach(async () => {
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
    })
  })
  afterEach(() => gateway?.close())
  after(async () => {
    await backend?.close()
    await provider?.close()
  })

  const connected = async (): Promise<WireClient> => WireClient.login(await gateway.login('alice', 'shop'))

  async function isRunning(words: string): Promise<boolean> {
    const sql = `select true from pg_stat_activity where state = 'active' and strpos(query, '${words}') > 0 and pid <> pg_backend_pid()`
    return (await backend.run('postgres', sql)).rows.length > 0
  }

  async function running(words: string): Promise<void> {
    while (!(await isRunning(words))) await sleep(50)
  }

  test('tells sessions without work at once, within a transaction too, and lets what runs finish', async () => {
    const [idle, inside, busy] = await Promise.all([connected(), connected(), connected()])
    await inside.query('begin; insert into t values (1)')
    busy.send(message.query('select pg_sleep(1.5)'))
    await running('pg_sleep(1.5)')
    const stopping = gateway.close()
    const started = performance.now()
    for (const client of [idle, inside]) {
      const last = await client.end()
      assert.deepEqual(
        last.errors.map(({ severity, code }) => [severity, code]),
        [['FATAL', '57P01']],
      )
    }
    assert.ok(performance.now() - started < 1_000)
    const answer = await busy.end()
    assert.equal(answer.types, 'TDCZE')
    assert.equal(answer.errors[0]?.code, '57P01')
    await stopping
    assert.deepEqual((await backend.run('postgres', 'select count(*) from t')).rows, [['0']])
  })

  test('tells who comes now to come again', async () => {
    const login = await gateway.login('alice', 'shop')
    const busy = await connected()
    busy.send(message.query('select pg_sleep(2)'))
    await running('pg_sleep(2)')
    const stopping = gateway.close()
    await sleep(100)
    await assert.rejects(WireClient.login(login), (error: unknown) => {
      assert.ok(error instanceof LoginRefused)
      assert.equal(error.code, '57P03')
      return true
    })
    await stopping
  })

  test('ends in its time, whatever its clients do', async () => {
    const busy = await connected()
    busy.send(message.query('select pg_sleep(60)'))
    const silent = await WireClient.connect(gateway)
    const deaf = await deafClient()
    await running('pg_sleep(60)')
    await running('generate_series')
    const started = performance.now()
    await gateway.close()
    const ms = performance.now() - started
    assert.ok(ms >= limits.drainMs - 100 && ms < limits.drainMs + marginMs, `${String(ms)} ms`)
    assert.match((await busy.end()).errors.map(({ code }) => code).join(), /57P01/)
    assert.equal((await silent.end()).closed, true)
    assert.equal(await isRunning('pg_sleep(60)'), false)
    deaf.destroy()
  })

  /** It has asked for much, and hears nothing of it. */
  async function deafClient(): Promise<Socket> {
    const { host, port, user, password, database } = await gateway.login('alice', 'shop')
    const socket = connect({ host, port })
    socket.on('error', () => {})
    socket.write(Buffer.concat([message.startup({ user, database }), message.password(password)]))
    await once(socket, 'data')
    await sleep(300)
    socket.pause()
    socket.write(message.query(`select repeat('x', 1000) from generate_series(1, 100000)`))
    return socket
  }
})
