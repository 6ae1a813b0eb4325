import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startGateway,
  WireClient,
  type Backend,
  type Gateway,
  type Transcript,
} from '../src/index.ts'

/** What was opened while a column was shown in clear does not go on to show it once a policy masks it. */

const source = fileURLToPath(new URL('policies/masks', import.meta.url))
const masked = { 'public.people': { ssn: { method: 'stars' } } }
const { bind, execute, parse, sync } = message
const stars = '***********'

suite('what was opened under another policy', { concurrency: 1 }, () => {
  let policies: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient

  before(async () => {
    policies = await mkdtemp(join(tmpdir(), 'sluice-masks-'))
    await cp(source, policies, { recursive: true })
    await inForce({})
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run(
      'postgres',
      `create table people (id int, ssn text);
      insert into people select n, '917-26-483' || n from generate_series(1, 6) n`,
    )
    const login = backend.login('postgres')
    gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    await open()
    await inForce(masked)
    await changed()
  })
  after(async () => {
    client?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await rm(policies, { recursive: true, force: true })
  })

  function inForce(masks: object): Promise<void> {
    return writeFile(join(policies, 'data.json'), JSON.stringify({ masked: masks }))
  }

  function ssns(answer: Transcript): readonly (string | null | undefined)[] {
    assert.deepEqual(answer.errors, [])
    return answer.rows.map((row) => row.at(-1))
  }

  /** Everything that can be read on from later, with its first row read in clear. */
  async function open(): Promise<void> {
    const clear = ['917-26-4831']
    const rows = 'select id, ssn from people order by id'
    await client.query(`declare held scroll cursor with hold for ${rows}`)
    assert.deepEqual(ssns(await client.query('fetch 1 from held')), clear)
    await client.query(`prepare by_sql as ${rows}`)
    await client.ask(parse('by_message', rows), parse('copy', `copy (${rows}) to stdout`), sync)
    await client.query('begin')
    await client.query(`declare inner_cursor scroll cursor for ${rows}`)
    assert.deepEqual(ssns(await client.query('fetch 1 from inner_cursor')), clear)
    const bound = bind({ portal: 'page', statement: 'by_message' })
    assert.deepEqual(ssns(await client.ask(bound, execute('page', 1), sync)), clear)
  }

  async function changed(): Promise<void> {
    const other = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    const late = AbortSignal.timeout(20_000)
    while (ssns(await other.query('select ssn from people limit 1'))[0] !== stars) {
      assert.ok(!late.aborted, 'the policy is not in force')
      await sleep(50)
    }
    other.close()
  }

  test('a cursor goes on masked, forwards and backwards', async () => {
    for (const cursor of ['inner_cursor', 'held']) {
      assert.deepEqual(ssns(await client.query(`fetch 2 from ${cursor}`)), [stars, stars])
      await client.query(`move absolute 0 from ${cursor}`)
      assert.deepEqual(ssns(await client.query(`fetch next from ${cursor}`)), [stars])
      assert.deepEqual(ssns(await client.query(`fetch absolute 5 from ${cursor}`)), [stars])
    }
  })

  test('so do the pages of a portal', async () =>
    assert.deepEqual(ssns(await client.ask(execute('page', 2), sync)), [stars, stars]))

  test('and a portal by its name in SQL', async () =>
    assert.deepEqual(ssns(await client.query('fetch 1 from page')), [stars]))

  test('a prepared statement is masked from now on', async () => {
    assert.equal(ssns(await client.query('execute by_sql'))[0], stars)
    assert.equal(ssns(await client.ask(bind({ statement: 'by_message' }), execute(), sync))[0], stars)
  })

  test('and so is a prepared COPY', async () => {
    const answer = await client.ask(bind({ statement: 'copy' }), execute(), sync)
    assert.deepEqual(answer.errors, [])
    assert.match(answer.copied.toString(), /^(?:\d\t\*{11}\n){6}$/)
  })
})
