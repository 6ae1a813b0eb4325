import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectTo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { demoStateFile, sluice, type DemoState } from '@sluice/cli'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import {
  httpAnswer,
  leftToWhole,
  selfSigned,
  startGateway,
  startHttpBackend,
  type GatewayTarget,
} from '../src/index.ts'
import { startBackend } from './backend.ts'
import { pythonVersion, pythonWithClients } from './python.ts'
import { starterPolicies } from './stage.ts'

/**
 * Applications that know of no token, beside `sluice connect`: the real provider, PostgreSQL and gateway, and tokens that
 * live for four seconds.
 */
const tokenLifeSeconds = 4
/** Three tokens expire, and then some. */
const seconds = 13

const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const data = await mkdtemp(join(tmpdir(), 'sluice-connect-'))
parts.defer(() => rm(data, { recursive: true, force: true }))
const backend = await startBackend()
parts.defer(() => backend.close())
const api = await startHttpBackend(({ address }) =>
  address === '/long' ? httpAnswer.events(slowly()) : httpAnswer.json({ short: true }),
)
parts.defer(() => api.close())
const provider = await startIdentityProvider({ port: 0, tokenLifeSeconds })
parts.defer(() => provider.close())
const targets: readonly GatewayTarget[] = [
  { name: 'shop', login: backend.login, labels: { env: 'test', data: 'pii' } },
  { name: 'shop-api', http: api, secret: 'of-the-gateway' },
]
/** Another machine's view of this one, where it has any. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')?.address
const gateway = await startGateway({
  provider,
  policies: starterPolicies,
  targets,
})
parts.defer(() => gateway.close())
const state: DemoState = {
  api: `http://127.0.0.1:${gateway.api.port}`,
  listen: { postgres: `127.0.0.1:${gateway.port}`, http: `127.0.0.1:${gateway.http.port}` },
  direct: {},
  identity: {
    token_endpoint: provider.token_endpoint,
    requests: provider.requests,
    login: { issuer: provider.issuer, ...provider.login },
  },
}
await writeFile(demoStateFile(data), JSON.stringify(state), { mode: 0o600 })

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const node = [process.execPath, '--conditions=source', '--disable-warning=ExperimentalWarning'] as const

/** Longer than two tokens live. */
async function* slowly(): AsyncGenerator<string> {
  for (let event = 0; event < 11; event++) {
    yield String(event)
    await setTimeout(1_000)
  }
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

function connect(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [program, ...options] = node
  const child = spawn(program, [...options, path('../../engine/cli/src/main.ts'), 'connect', ...args], {
    env: { PATH: process.env['PATH'], HOME: data, SLUICE_DATA: data, PYTHONWARNINGS: 'ignore', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.errors += text))
  const ended = once(child, 'close').then(([code]): Ran => ({ code: code as number | null, ...said }))
  return { child, ended, said }
}

const python = await pythonVersion()

/** What the log says of the sessions of a target: of each, how often it was carried on, and how it ended. */
async function sessionsOf(target: string): Promise<readonly (readonly RecordedEvent[])[]> {
  const events = await gateway.events()
  return events
    .filter((event) => event.type === 'SessionOpened' && event.data.target === target)
    .map(({ stream }) => events.filter((event) => event.stream === stream))
}

suite('sluice connect', { concurrency: true }, () => {
  test('a pool of node-postgres outlives three tokens, and so does a query that runs across one', async () => {
    const { code, out, errors } = await connect([
      'shop',
      '--as',
      'alice',
      '--exec',
      '--',
      ...node,
      path('connect/pooled.ts'),
      String(seconds),
    ]).ended
    assert.deepEqual([code, errors], [0, ''])
    assert.match(out, /"ssn":"\*\*\*-\*\*-\d{4}"/)
    await assertOneSession('demo#alice')
  })

  test(
    'a pool of SQLAlchemy under LangChain, too',
    { skip: python === null && 'python3 is not installed' },
    async () => {
      const { code, out, errors } = await connect([
        'shop',
        '--as',
        'dave',
        '--exec',
        '--',
        await pythonWithClients(),
        path('python/pooled.py'),
        String(seconds),
      ]).ended
      assert.deepEqual([code, errors], [0, ''])
      assert.match(out, /"statements": \d+/)
      await assertOneSession('demo#dave')
    },
  )

  test(
    'over HTTP an answer that is longer than a token lives is whole, and short ones need no thought',
    { skip: leftToWhole },
    async () => {
      const { code, out, errors } = await connect([
        'shop-api',
        '--exec',
        '--',
        ...node,
        path('connect/streamed.ts'),
        String(seconds),
      ]).ended
      assert.deepEqual([code, errors], [0, ''])
      assert.deepEqual(JSON.parse(out), { statuses: [200], events: 11 })
      for (const { headers } of api.requests) {
        assert.deepEqual(
          headers.filter(([name]) => name?.toLowerCase().includes('sluice')),
          [],
        )
      }
      const sessions = await sessionsOf('shop-api')
      assert.ok(sessions.length >= 4, 'each token had its own')
      assert.ok(sessions.flat().some(({ type }) => type === 'SessionExtended'))
    },
  )
})

suite('sluice connect, in this process', () => {
  test(
    'goes to a gateway on another machine only over TLS, to that host, by an authority that is trusted',
    { skip: leftToWhole || (outside === undefined && 'this machine has no other address') },
    async () => {
      const host = outside ?? ''
      const certificate = selfSigned(host)
      await using elsewhere = new AsyncDisposableStack()
      const remote = await startGateway({
        provider,
        policies: starterPolicies,
        targets,
        tls: certificate,
        host,
      })
      elsewhere.defer(() => remote.close())
      const [trusted, stranger] = [join(data, 'trusted.pem'), join(data, 'stranger.pem')]
      await writeFile(trusted, certificate.cert)
      await writeFile(stranger, selfSigned('stranger.example').cert)
      const at = { SLUICE_URL: `http://127.0.0.1:${remote.api.port}` }
      const sql = (ca: readonly string[]): Promise<string> =>
        beside(['shop', '--as', 'bob', '--gateway', `${host}:${remote.port}`, ...ca], at, selectOne)
      const get = (ca: readonly string[]): Promise<string> =>
        beside(['shop-api', '--gateway', `${host}:${remote.http.port}`, ...ca], at, async (url) =>
          (await fetch(url)).text(),
        )
      // An authority that is trusted once is so for the whole process.
      for (const ca of [[], ['--ca', stranger]]) {
        await assert.rejects(sql(ca), {
          code: '08006',
          message: /shows no certificate to be trusted \(\w+\)/,
        })
        assert.match(await get(ca), /"title":"gateway_unreachable".*\(\w+\)/)
      }
      assert.equal(await sql(['--ca', trusted]), '1')
      assert.equal(await get(['--ca', trusted]), '{"short":true}')
    },
  )

  test('a statement is cancelled through it', async () => {
    await beside(['shop', '--as', 'carol'], {}, async (url) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      const { processID, secretKey } = client as Client & { processID: number; secretKey: number }
      const sleeping = client.query('SELECT pg_sleep(30)').then(
        () => 'it slept',
        (error: unknown) => (error as { readonly code: string }).code,
      )
      const { hostname, port } = new URL(url)
      const cancel = Buffer.alloc(16)
      for (const [at, word] of [16, 80_877_102, processID, secretKey].entries())
        cancel.writeInt32BE(word, 4 * at)
      let ended: string | undefined
      // One that comes before the statement does nothing.
      while (ended === undefined) {
        connectTo({ host: hostname, port: Number(port) }).end(cancel)
        ended = await Promise.race([sleeping, setTimeout(300, undefined)])
      }
      assert.equal(ended, '57014')
      await client.end()
      return ''
    })
  })
})

/** Does something while a sidecar is open. */
async function beside(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  act: (url: string) => Promise<string>,
): Promise<string> {
  const stopping = new AbortController()
  const opened = Promise.withResolvers<string>()
  let said = ''
  const ended = sluice(['connect', ...args, '--json'], {
    env: { SLUICE_DATA: data, XDG_CONFIG_HOME: data, ...env },
    signal: stopping.signal,
    out: (line) => opened.resolve((JSON.parse(line) as { readonly url: string }).url),
    error: (text) => (said += text),
  })
  void ended.then(() => opened.reject(new Error(`it ended: ${said}`)))
  try {
    return await act(await opened.promise)
  } finally {
    stopping.abort()
    await ended
  }
}

async function selectOne(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query('SELECT 1 AS one')
    return String((rows[0] as { readonly one: number }).one)
  } finally {
    await client.end()
  }
}

/** The pool's only connection, from its beginning to its end, and nothing refused. */
async function assertOneSession(subject: string): Promise<void> {
  const sessions = (await sessionsOf('shop')).filter(
    ([first]) => first?.type === 'SessionOpened' && first.data.subject.id === subject,
  )
  const [events = []] = sessions
  const extended = events.filter(({ type }) => type === 'SessionExtended')
  assert.ok(extended.length >= 3, `it was carried on ${extended.length} times`)
  const effects = events.flatMap((event) => (event.type === 'DecisionMade' ? [event.data.effect] : []))
  assert.deepEqual([...new Set(effects)], ['allow'])
}
