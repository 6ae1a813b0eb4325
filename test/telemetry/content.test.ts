import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { starterPolicies } from '../acceptance/stage.ts'
import { startBackend, startGateway, TraceFinder, WireClient, type Backend } from '../src/index.ts'
import { nobodyWaits } from '../src/gateway.ts'
import { startOtlpReceiver } from '../src/otlp-receiver.ts'

/**
 * Whatever a session says, whether it is performed, fails, waits or is refused: nothing of it is in the traces and metrics
 * that are sent, in `/metrics`, or in what the operator is told.
 */

/** Each in a place of its own, so that what is found names where it came from. */
const canaries = {
  'a literal': 'lit-canary-71f3',
  'a bound value': 'bnd-canary-82a4',
  'a stored value': 'row-canary-93b5',
  'a password': 'pwd-canary-a4c6',
  'a literal of a failing statement': 'fls-canary-b5d7',
  'a name in a denied statement': 'dny_canary_c6e8',
  'a literal of a held statement': 'hld-canary-d7f9',
  'a statement that does not parse': 'prs-canary-e80a',
  'a comment': 'cmt-canary-f91b',
  'an application name': 'app-canary-0a2c',
  'a database that is not there': 'dbs_canary_1b3d',
  'a stolen token': 'slu_tok-canary-2c4e',
} as const

const statements: readonly (readonly [sql: string, values?: readonly string[]])[] = [
  [`select note from orders where note <> '${canaries['a literal']}'`],
  ['select note from orders where note = $1', [canaries['a bound value']]],
  [`insert into orders values (2, '${canaries['a literal']}')`],
  [`create role app_simple login password '${canaries['a password']}'`],
  [`select '${canaries['a literal of a failing statement']}'::int from orders`],
  [`select ${canaries['a name in a denied statement']} from orders`],
  [`drop table ${canaries['a name in a denied statement']}`],
  [`delete from orders where note = '${canaries['a literal of a held statement']}'`],
  [`selec '${canaries['a statement that does not parse']}`],
  [`select 1 /* ${canaries['a comment']} */`],
]

const policies = {
  'the starter policies': starterPolicies,
  'policies that allow nearly everything': fileURLToPath(
    new URL('../catalogue/policies/open', import.meta.url),
  ),
}

for (const [which, folder] of Object.entries(policies))
  suite(`telemetry under ${which}`, () => {
    const parts = new AsyncDisposableStack()
    let provider: IdentityProvider
    let backend: Backend
    /** Everything that left, by where it went. */
    const left = new Map<string, Buffer>()
    let effects: ReadonlySet<string>
    let spans = 0
    let token = ''

    before(async () => {
      const receiver = parts.use(await startOtlpReceiver())
      provider = await startIdentityProvider({ port: 0 })
      parts.defer(() => provider.close())
      backend = await startBackend()
      parts.defer(() => backend.close())
      await backend.run('postgres', 'create table orders (id int, note text)')
      await backend.run('postgres', `insert into orders values (1, '${canaries['a stored value']}')`)
      const gateway = await startGateway({
        provider,
        policies: folder,
        policyData: nobodyWaits,
        targets: [{ name: 'shop', login: backend.login('postgres') }],
        telemetry: { otlp: { url: receiver.url }, prometheus: '127.0.0.1:0' },
      })
      parts.defer(() => gateway.close())
      const login = await gateway.login('alice', 'shop')
      token = login.password
      for (const wrong of [
        { database: canaries['a database that is not there'] },
        { password: canaries['a stolen token'] },
      ])
        await assert.rejects(WireClient.login({ ...login, ...wrong }))
      const client = new Client({ ...login, application_name: canaries['an application name'] })
      client.on('error', () => {})
      await client.connect()
      for (const [text, values] of statements)
        await client.query({ text, ...(values === undefined ? {} : { values: [...values] }) }).catch(() => {})
      await client.end()
      assert.ok(gateway.prometheus !== null)
      const scraped = await fetch(`http://127.0.0.1:${gateway.prometheus.port}/metrics`)
      left.set('/metrics', Buffer.from(await scraped.text()))
      const events = await gateway.events()
      effects = new Set(events.flatMap((event) => (event.type === 'DecisionMade' ? [event.data.effect] : [])))
      await gateway.close()
      assert.deepEqual(receiver.violations, [])
      spans = receiver.spans.length
      left.set('OTLP', receiver.bytes)
      left.set('the headers of OTLP', Buffer.from(JSON.stringify(receiver.headers)))
      left.set('what the operator was told', Buffer.from(gateway.reports.join('\n')))
    })
    after(() => parts.disposeAsync())

    test('is sent, of what is allowed and of what is denied', () => {
      assert.ok(spans > statements.length)
      assert.ok(effects.has('allow') && effects.has('deny'), [...effects].join())
      assert.ok(left.get('OTLP')?.includes('sluice_exchanges_total'))
      assert.ok(left.get('/metrics')?.includes('sluice_exchanges_total'))
    })

    test('holds no statement, no value, no secret and no name that a client gave itself', () => {
      const found = new TraceFinder({ ...canaries, 'a token': token })
      for (const [where, bytes] of left) assert.equal(found.find(bytes), undefined, where)
    })

    test('holds no word of the statements', () => {
      for (const [where, bytes] of left)
        for (const word of ['orders', 'note', 'app_simple', 'delete from', 'drop table', 'alice'])
          assert.ok(!bytes.includes(word), `${where} has ${word}`)
    })
  })
