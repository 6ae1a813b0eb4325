import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sluice } from '@sluice/cli'
import { formats } from '@sluice/exporters'
import { demoToken, startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { starterPolicies } from '../acceptance/stage.ts'
import { startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'

/** What happens at a gateway arrives in files, whatever other receivers do, and nothing secret is in them. */

const secret = 'canary-4711'

suite('exports of a gateway as it is served', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let folder: string
  /** Takes connections and reads nothing. */
  let deaf: Server

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-exports-'))
    deaf = createServer((socket) => socket.pause())
    await once(deaf.listen(0, '127.0.0.1'), 'listening')
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table orders (id int primary key, note text)')
    await backend.run('postgres', `insert into orders select i, '${secret}' from generate_series(1, 20) i`)
    await start()
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    deaf?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function start(): Promise<void> {
    const address = deaf.address()
    assert.ok(address !== null && typeof address === 'object')
    gateway = await startGateway({
      provider,
      policies: starterPolicies,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      data: folder,
      exporters: {
        ...Object.fromEntries(
          formats.map((format) => [format, { format, sink: 'file', path: `${format}.out` }]),
        ),
        deaf: { format: 'json', sink: 'http', url: `http://127.0.0.1:${address.port}/` },
      },
    })
  }

  async function ask(...statements: readonly string[]): Promise<void> {
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    for (const statement of statements) await client.query(statement)
    client.close()
  }

  async function linesOf(format: string): Promise<readonly string[]> {
    const text = await readFile(join(folder, `${format}.out`), 'utf8').catch(() => '')
    return text.split('\n').slice(0, -1)
  }

  /** The json export says in its own words which event each line is. */
  async function exported(): Promise<readonly { readonly event_id: string; readonly type: string }[]> {
    return (await linesOf('json')).map(
      (line) => JSON.parse(line) as { readonly event_id: string; readonly type: string },
    )
  }

  async function closedSessions(count: number): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      const closed = (await exported()).filter(({ type }) => type === 'SessionClosed').length
      if (closed >= count) return
      await sleep(20)
    }
    throw new Error(`${count} sessions never arrived`)
  }

  async function commandOut(format: string): Promise<readonly string[]> {
    const written = { out: '', error: '' }
    const code = await sluice(['export', '--format', format], {
      env: {
        SLUICE_URL: `http://${gateway.api.host}:${gateway.api.port}`,
        SLUICE_TOKEN: await demoToken(provider, 'erin'),
      },
      signal: new AbortController().signal,
      out: (more) => (written.out += more),
      error: (more) => (written.error += more),
    })
    assert.equal(code, 0, written.error)
    return written.out.split('\n').slice(0, -1)
  }

  test('arrive, although another receiver hangs', async () => {
    await ask(`select note from orders where note = '${secret}'`, 'drop table orders')
    await closedSessions(1)
    const types = (await exported()).map(({ type }) => type)
    for (const type of ['SessionOpened', 'DecisionMade', 'ResponseCompleted', 'PolicyActivated'])
      assert.ok(types.includes(type), type)
  })

  test('go on after a restart, without a gap and without a repetition', async () => {
    await gateway.close()
    await start()
    await ask('select 1')
    await closedSessions(2)
    const ids = (await exported()).map(({ event_id }) => event_id)
    assert.equal(new Set(ids).size, ids.length)
    const log = (await gateway.events()).map(({ id }) => id)
    assert.deepEqual(
      ids,
      log.filter((id) => ids.includes(id)),
      'in the order of the log',
    )
  })

  test('are the same, line by line, as what the command exports from the beginning', async () => {
    await closedSessions(2)
    for (const format of formats) {
      const [files, command] = [await linesOf(format), await commandOut(format)]
      assert.ok(files.length > 5, format)
      assert.deepEqual(files, command.slice(0, files.length), format)
    }
  })

  test('hold no values and no content', async () => {
    for (const format of formats)
      assert.doesNotMatch((await linesOf(format)).join('\n'), new RegExp(secret), format)
  })

  test('keep no gateway from stopping in time', async () => {
    const started = performance.now()
    await gateway.close()
    assert.ok(performance.now() - started < 20_000)
  })
})
