import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** A server that waits for data of COPY heeds no cancel: it must be told that none will come. */

const policies = fileURLToPath(new URL('policies/all', import.meta.url))
const { bind, execute, parse, query, sync } = message
const terminate = Buffer.from([0x58, 0, 0, 0, 4])
const copyData = Buffer.from([0x64, 0, 0, 0, 6, 0x31, 0x0a])
const patienceMs = 10_000

const copies: readonly (readonly [protocol: string, request: Buffer])[] = [
  ['simple', query('copy numbers from stdin')],
  ['extended', Buffer.concat([parse('', 'copy numbers from stdin'), bind({}), execute(), sync])],
]

suite('a client that leaves in the middle of COPY FROM STDIN', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let direct: WireClient

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table numbers (x int)')
    const login = backend.login('postgres')
    direct = await WireClient.login(login)
    gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
  })
  after(async () => {
    direct?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  async function ended(): Promise<boolean> {
    for (const late = AbortSignal.timeout(patienceMs); !late.aborted; await sleep(50)) {
      const { rows } = await direct.query("select 1 from pg_stat_activity where query like 'copy numbers%'")
      const sessions = (await gateway.events()).map(({ type }) => type)
      const open = sessions.filter((type) => type === 'SessionOpened').length
      if (rows.length === 0 && open === sessions.filter((type) => type === 'SessionClosed').length)
        return true
    }
    return false
  }

  for (const [protocol, request] of copies)
    for (const [manner, parting] of [
      ['with Terminate', [terminate]],
      ['with Terminate behind data', [copyData, terminate]],
      ['without a word', []],
      ['without a word behind data', [copyData]],
    ] as const)
      test(`${protocol}, ${manner}: its session ends, at the server too, and nothing is written`, async () => {
        const client = await WireClient.login(await gateway.login('alice', 'shop'))
        client.send(request)
        await client.until((messages) => messages.some(({ type }) => type === 'G'))
        for (const bytes of parting) client.send(bytes)
        client.close()
        assert.ok(await ended())
        assert.deepEqual((await direct.query('select * from numbers')).rows, [])
      })
})
