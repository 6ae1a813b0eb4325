import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PasswordLine } from '@sluice/api'
import { selfSigned } from '../src/certificate.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'
import * as message from '../src/message.ts'
import { WireClient } from '../src/wire-client.ts'
import { startBackend } from './backend.ts'
import { logins, type Outcome } from './clients/login.ts'
import { startIssuer, type Issuer } from './issuer.ts'
import { pythonVersion, runPython } from './python.ts'
import { starterPolicies, target } from './stage.ts'
import { seenIn } from './transcript.ts'

/** Passwords for clients that demand SCRAM-SHA-256: minted for whoever has a token, short-lived, kept nowhere. */

suite('a minted password', () => {
  const parts = new AsyncDisposableStack()
  let issuer: Issuer
  let gateway: Gateway
  /** Of the gateway's certificate, a PEM file. */
  let authority: string

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-passwords-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    const certificate = selfSigned('127.0.0.1', 'localhost')
    authority = join(folder, 'authority.pem')
    await writeFile(authority, certificate.cert)
    const backend = await startBackend()
    parts.defer(() => backend.close())
    issuer = await startIssuer()
    parts.defer(() => issuer.close())
    gateway = await startGateway({
      provider: issuer,
      policies: starterPolicies,
      targets: [
        { name: target, login: backend.login },
        { name: 'another', login: backend.login },
      ],
      tls: certificate,
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  async function call(path: string, body: object, token = issuer.mint(300)): Promise<Response> {
    return fetch(`http://${gateway.api.host}:${gateway.api.port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  async function minted(body: object = {}, token?: string): Promise<PasswordLine> {
    const response = await call('/v1/passwords', body, token)
    assert.equal(response.status, 200)
    return (await response.json()) as PasswordLine
  }

  const door = ({ user, password }: Pick<PasswordLine, 'user' | 'password'>, database = target) => ({
    host: gateway.host,
    port: gateway.port,
    user,
    password,
    database,
  })

  /** One attempt by each client; those of libpq are told to take nothing but SCRAM. */
  async function attempts(
    to: ReturnType<typeof door>,
    mode: 'disable' | 'verify-full',
  ): Promise<ReadonlyMap<string, Outcome>> {
    const found = new Map<string, Outcome>()
    process.env['PGREQUIREAUTH'] = 'scram-sha-256'
    try {
      for (const [name, attempt] of Object.entries(logins))
        found.set(name, await attempt(to, { mode, authority }))
    } finally {
      delete process.env['PGREQUIREAUTH']
    }
    if ((await pythonVersion()) === null) return found
    const env = { PGSSLMODE: mode, PGSSLROOTCERT: authority, PGREQUIREAUTH: 'scram-sha-256' }
    const cases = ['with_psycopg', 'with_psycopg2', 'with_asyncpg']
    const transcript = await runPython('login_cases.py', to, { cases, env })
    for (const name of transcript.keys()) found.set(name, seenIn(transcript, name) as unknown as Outcome)
    return found
  }

  /** What a stranger hears who asks for a user and knows no password. */
  async function heard(
    user: string,
  ): Promise<{ readonly first: Buffer; readonly asked: string; readonly end: string }> {
    const client = await WireClient.connect(gateway)
    const isOver = (type: string) => (messages: readonly message.Message[]) =>
      messages.some((each) => each.type === type)
    client.send(message.startup({ user, database: target }))
    const first = (await client.until(isOver('R'))).bytes
    const response = 'n,,n=,r=abcdefghijklmnopqrstuvwx'
    const length = message.int32(Buffer.byteLength(response))
    client.send(message.frame('p', 'SCRAM-SHA-256\0', length, response))
    const asked = (await client.until(isOver('R'))).bytes.subarray(9).toString()
    const nonce = /r=([^,]+)/.exec(asked)?.[1] ?? ''
    client.send(message.frame('p', `c=biws,r=${nonce},p=${Buffer.alloc(32).toString('base64')}`))
    const { errors } = await client.end()
    return { first, asked, end: errors.map(({ code, message: words }) => `${code} ${words}`).join() }
  }

  for (const mode of ['disable', 'verify-full'] as const)
    test(`lets every client in that demands SCRAM, sslmode=${mode}, and never leaves the gateway`, async () => {
      const line = await minted()
      const found = await attempts(door(line), mode)
      for (const [name, outcome] of found)
        assert.deepEqual(outcome, { encrypted: mode === 'verify-full', one: 1 }, name)
      const log = JSON.stringify(await gateway.events(), (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      assert.ok(log.includes(line.user))
      assert.ok(!log.includes(line.password) && !gateway.reports.join().includes(line.password))
    })

  test('tells a stranger nothing of which there are', async () => {
    const { user } = await minted()
    const nobody = `pwd_${'0'.repeat(26)}`
    const [one, two, again] = [await heard(user), await heard(nobody), await heard(nobody)]
    assert.deepEqual(one.first, two.first)
    const shape = (asked: string): string => asked.replaceAll(/[A-Za-z0-9+/]/g, 'x')
    assert.equal(shape(one.asked), shape(two.asked))
    const salt = (asked: string): string => /s=([^,]+)/.exec(asked)?.[1] ?? ''
    assert.equal(salt(two.asked), salt(again.asked), 'a salt that changes would tell that there is none')
    assert.notEqual(salt(one.asked), salt(two.asked))
    assert.equal(one.end, two.end)
    assert.match(one.end, /^28000 .*not good here, or not any more/)
  })

  test('is no token, and a token is no password of it', async () => {
    const line = await minted()
    const wrong = { ...line, password: issuer.mint(300) }
    await assert.rejects(WireClient.login(door(wrong)), /28000/)
    await assert.rejects(WireClient.login({ ...door(line), user: 'app' }), /28000/)
    assert.equal((await call('/v1/passwords', {}, line.password)).status, 401)
  })

  test('opens what it is bound to', async () => {
    const line = await minted({ targets: ['another'] })
    ;(await WireClient.login(door(line, 'another'))).close()
    await assert.rejects(WireClient.login(door(line)), /28000.*not good for this target/)
    const elsewhere = await minted({ from: ['192.0.2.0/24'] })
    await assert.rejects(WireClient.login(door(elsewhere)), /28000.*from the address/)
  })

  test('is dead once it or the token is revoked by which it was got, with its sessions', async () => {
    const token = issuer.mint(300, { jti: 'minting' })
    const [first, second] = [await minted({}, token), await minted({}, token)]
    const sessions = [await WireClient.login(door(first)), await WireClient.login(door(second))]
    const revoke = (wanted: object) => call('/v1/revocations', { ...wanted, reason: 'leaked' }, token)
    assert.equal((await revoke({ token: first.user })).status, 200)
    await sessions[0]?.end()
    await assert.rejects(WireClient.login(door(first)), /28000.*revoked/)
    assert.deepEqual((await sessions[1]?.query('select 1'))?.errors, [])
    assert.equal((await revoke({ mine: 'this' })).status, 200)
    await sessions[1]?.end()
    await assert.rejects(WireClient.login(door(second)), /28000.*revoked/)
  })
})
