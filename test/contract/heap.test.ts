import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exchangeToken } from '@sluice/cli'
import { demoToken, startIdentityProvider } from '@sluice/demo'
import {
  httpAnswer,
  leftToWhole,
  startBackend,
  startGatewayProcess,
  startHttpBackend,
  valueOf,
  WireClient,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
} from '../src/index.ts'

/**
 * Which secrets are in the strings of a gateway's heap once they are of no more use. A snapshot holds what is reachable, without the
 * bytes of buffers; what memory that was given back still holds, nobody can tell.
 */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const secret = (): string => `canary-${randomBytes(18).toString('base64url')}`
const passwords = [secret(), secret()] as const
const keys = [secret(), secret()] as const

suite('the heap of a gateway', { skip: leftToWhole }, () => {
  const parts = new AsyncDisposableStack()
  const tokens: string[] = []
  let folder: string
  let backend: Backend
  let api: HttpBackend
  let gateway: GatewayProcess
  let accepted: string = keys[0]
  let providerToken: () => Promise<string>
  const kept = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-heap-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    providerToken = () => demoToken(provider, 'alice')
    backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run(
      'postgres',
      `create role app login password '${passwords[0]}'; grant connect on database postgres to app`,
    )
    api = await startHttpBackend((heard) =>
      valueOf(heard, 'authorization') === `Bearer ${accepted}`
        ? httpAnswer.json({ done: true })
        : httpAnswer.whole(401, Buffer.from('no'), {}),
    )
    parts.defer(() => api.close())
    await kept('password', passwords[0])
    await kept('key', keys[0])
    await mkdir(join(folder, 'data'))
    const password = { file: join(folder, 'password') }
    gateway = await startGatewayProcess({
      provider,
      data: join(folder, 'data'),
      policies: allowAll,
      targets: [
        {
          name: 'shop',
          login: backend.login('postgres'),
          settings: { credential: { user: 'app', password } },
        },
        {
          name: 'api',
          http: api,
          settings: { authentication: 'bearer', credential: { password: { file: join(folder, 'key') } } },
        },
      ],
    })
    parts.defer(() => gateway.stop())
  })
  after(() => parts.disposeAsync())

  /** A token of the provider, or one of the gateway for it. */
  async function token(own: boolean): Promise<string> {
    const made = await providerToken()
    tokens.push(made)
    if (!own) return made
    const { host, port } = gateway.api
    const exchanged = (await exchangeToken(`http://${host}:${port}`, made)).token
    tokens.push(exchanged)
    return exchanged
  }

  async function asked(own: boolean): Promise<WireClient> {
    const { host, port } = gateway
    const bearer = await token(own)
    const client = await WireClient.login({ host, port, user: 'any', password: bearer, database: 'shop' })
    assert.deepEqual((await client.query('select 1')).errors, [])
    const headers = { 'x-sluice-authorization': `Bearer ${await token(own)}` }
    const answer = await fetch(`http://${gateway.http.host}:${gateway.http.port}/api/x`, { headers })
    assert.equal(answer.status, 200, await answer.text())
    const listed = await fetch(`http://${gateway.api.host}:${gateway.api.port}/v1/targets`, {
      headers: { authorization: `Bearer ${await token(own)}` },
    })
    assert.equal(listed.status, 200, await listed.text())
    return client
  }

  test('holds no token, while its session is open and after, and no credential that was rotated', async () => {
    const open = [await asked(false), await asked(true)]
    await backend.run('postgres', `alter role app password '${passwords[1]}'`)
    await kept('password', passwords[1])
    await kept('key', keys[1])
    accepted = keys[1]
    for (const own of [false, true]) (await asked(own)).close()

    const heap = await readFile(await gateway.heap())
    const holds = (text: string): boolean => heap.includes(text)
    // What is in use shows that the snapshot would have the others.
    assert.ok(holds(passwords[1]) && holds(keys[1]), 'what it logs in with now')
    assert.ok(!holds(passwords[0]), 'the password before')
    assert.ok(!holds(keys[0]), 'the key before')
    const held = tokens.filter((one) => holds(partOf(one)))
    assert.equal(
      held.length,
      0,
      `${held.length} of ${tokens.length} tokens: ${held.map((one) => tokens.indexOf(one)).join(', ')}`,
    )
    for (const client of open) client.close()
  })
})

/** What no other token has: the tag at the beginning, or the signature at the end. */
function partOf(token: string): string {
  return token.startsWith('slu_') ? token.slice(4, 44) : token.slice(-40)
}
