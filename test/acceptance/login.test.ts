import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../src/certificate.ts'
import { startGateway } from '../src/gateway.ts'
import type { Place } from '../src/wire-client.ts'
import { startBackend } from './backend.ts'
import { logins, type Outcome, type Trust } from './clients/login.ts'
import { clientOf } from './clients/node-postgres.ts'
import { startIssuer } from './issuer.ts'
import { pythonVersion, runPython } from './python.ts'
import { starterPolicies, target } from './stage.ts'
import { seenIn } from './transcript.ts'

/** Who gets in: a token as the password, over TLS or on loopback, to a target that exists; and what others are told. */
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())

const folder = await mkdtemp(join(tmpdir(), 'sluice-login-'))
parts.defer(() => rm(folder, { recursive: true, force: true }))
const backend = await startBackend()
parts.defer(() => backend.close())
const issuer = await startIssuer()
parts.defer(() => issuer.close())
/** Another machine's view of this one, where it has any. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')?.address
const certificate = selfSigned('127.0.0.1', 'localhost', ...(outside === undefined ? [] : [outside]))
const authority = join(folder, 'authority.pem')
const stranger = join(folder, 'stranger.pem')
await writeFile(authority, certificate.cert)
await writeFile(stranger, selfSigned('127.0.0.1').cert)

const gateway = await openGateway('127.0.0.1')

async function openGateway(host: string): ReturnType<typeof startGateway> {
  const opened = await startGateway({
    provider: issuer,
    policies: starterPolicies,
    targets: [{ name: target, login: backend.login }],
    tls: certificate,
    host,
  })
  parts.defer(() => opened.close())
  return opened
}

/** One attempt by each client. */
async function attempts(
  { host, port }: Place,
  password: string,
  trust: Trust,
  database: string = target,
): Promise<ReadonlyMap<string, Outcome>> {
  const door = { host, port, user: 'anybody', password, database }
  const found = new Map<string, Outcome>()
  for (const [name, attempt] of Object.entries(logins)) found.set(name, await attempt(door, trust))
  if ((await pythonVersion()) === null) return found
  const env = { PGSSLMODE: trust.mode, PGSSLROOTCERT: trust.authority ?? '' }
  const cases = ['with_psycopg', 'with_psycopg2', 'with_asyncpg']
  const transcript = await runPython('login_cases.py', door, { cases, env })
  for (const name of transcript.keys()) found.set(name, seenIn(transcript, name) as unknown as Outcome)
  return found
}

function assertIn(found: ReadonlyMap<string, Outcome>, encrypted: boolean): void {
  for (const [name, outcome] of found) assert.deepEqual(outcome, { encrypted, one: 1 }, name)
}

function assertOut(found: ReadonlyMap<string, Outcome>, words: RegExp, secret: string): void {
  for (const [name, outcome] of found) {
    assert.ok('words' in outcome, `${name} got in`)
    assert.match(outcome.words, words, name)
    assert.ok(secret === '' || !outcome.words.includes(secret), `${name} is shown the token again`)
  }
}

async function stateOf(password: string, database = target): Promise<readonly [string | undefined, string]> {
  const client = clientOf({ host: gateway.host, port: gateway.port, user: 'anybody', password, database })
  const error = await client.connect().then(
    () => client.end().then(() => new Error('it got in')),
    (refused: unknown) => refused as Error & { code?: string },
  )
  return ['code' in error ? error.code : undefined, error.message]
}

const withoutPython = (await pythonVersion()) === null && 'python3 is not installed'
const verified: Trust = { mode: 'verify-full', authority }
const clear: Trust = { mode: 'disable' }

suite('a good token', () => {
  test('over TLS that the client verifies', async () => {
    assertIn(await attempts(gateway, issuer.mint(300), verified), true)
  })

  test('cancels over TLS', { skip: withoutPython }, async () => {
    const { host, port } = gateway
    const door = { host, port, user: 'anybody', password: issuer.mint(300), database: target }
    const cases = ['cancel_with_psycopg', 'cancel_with_asyncpg']
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority }
    const transcript = await runPython('login_cases.py', door, { cases, env })
    assert.deepEqual(seenIn(transcript, 'cancel_with_psycopg'), ['57014', [1]])
    assert.deepEqual(seenIn(transcript, 'cancel_with_asyncpg'), ['given up', 1])
  })

  test('on loopback in clear', async () => {
    assertIn(await attempts(gateway, issuer.mint(300), clear), false)
  })

  test('is not given to a server of an unknown authority', async () => {
    const token = issuer.mint(300)
    assertOut(
      await attempts(gateway, token, { mode: 'verify-full', authority: stranger }),
      /certificate|self.signed/i,
      token,
    )
  })

  test(
    'over a network only encrypted',
    { skip: outside === undefined && 'this machine has no network' },
    async () => {
      const reachable = await openGateway(outside ?? '')
      const token = issuer.mint(300)
      assertIn(await attempts(reachable, token, verified), true)
      assertOut(await attempts(reachable, token, clear), /TLS|encrypt/i, token)
      const failed = (await reachable.events()).filter((event) => event.type === 'AuthenticationFailed')
      assert.ok(failed.length <= Object.keys(logins).length + 3)
    },
  )
})

const refusals: Readonly<Record<string, readonly [token: () => string, state: string, words: RegExp]>> = {
  'of another key': [() => issuer.forge(), '28000', /signature of the token is not valid/],
  'for another audience': [() => issuer.mint(300, { aud: 'somebody-else' }), '28000', /another audience/],
  'that is none': [() => 'hunter2-is-no-token', '28000', /not a token/],
  'of another issuer': [() => issuer.mint(300, { iss: 'http://127.0.0.1:9' }), '28000', /issuer/],
  'that has expired': [() => issuer.mint(-5), '57P01', /expired/],
}

suite('a token', () => {
  for (const [name, [token, state, words]] of Object.entries(refusals))
    test(`${name} is refused`, async () => {
      const password = token()
      const [code, message] = await stateOf(password)
      assert.equal(code, state, message)
      assert.match(message, words)
      assertOut(await attempts(gateway, password, clear), words, password)
    })

  test('for a database that is no target', async () => {
    const token = issuer.mint(300)
    const [code, message] = await stateOf(token, 'nowhere')
    assert.equal(code, '3D000', message)
    assertOut(await attempts(gateway, token, clear, 'nowhere'), /nowhere|target|database/, token)
  })

  test('that fails is in the log without the token', async () => {
    const password = issuer.mint(300, { aud: 'logged-audience' })
    await stateOf(password)
    const events = await gateway.events()
    const failed = events.flatMap((event) => (event.type === 'AuthenticationFailed' ? [event.data] : []))
    assert.ok(
      failed.some(({ code, reason }) => code === 'token_refused' && /audience/.test(reason)),
      JSON.stringify(failed),
    )
    const [, payload = '', signature = ''] = password.split('.')
    const written = JSON.stringify(failed)
    assert.ok(!written.includes(payload) && !written.includes(signature))
  })

  test('that expires ends an idle session, and the client is told', async () => {
    const password = issuer.mint(3)
    const client = clientOf({
      host: gateway.host,
      port: gateway.port,
      user: 'anybody',
      password,
      database: target,
    })
    await client.connect()
    // After what the server says, pg reports once more that the connection is gone.
    const ended = new Promise<Error & { code?: string }>((resolve) => client.on('error', resolve))
    assert.equal((await client.query('SELECT 1')).rowCount, 1)
    const error = await ended
    assert.equal(error.code, '57P01', error.message)
    assert.match(error.message, /expired/)
    await client.end()
  })
})
