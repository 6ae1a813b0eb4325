import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import { startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'

/** A change that turns out badly is taken back by a person, over files that nobody has mended yet. */

interface View {
  readonly active: string
  readonly files: string
  readonly rejected: { readonly errors: string } | null
  readonly revisions: readonly { readonly revision: string; readonly by: string; readonly reason: string }[]
}

suite('a policy that is taken back', () => {
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient

  const start = async (): Promise<void> => {
    gateway = await startGateway({
      provider,
      policies: join(folder, 'policies'),
      data: join(folder, 'data'),
      targets: [{ name: 'shop', login: backend.login('postgres') }],
    })
    client = await WireClient.login(await gateway.login('alice', 'shop'))
  }
  const restart = async (): Promise<void> => {
    client.close()
    await gateway.close()
    await start()
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-rollback-'))
    await mkdir(join(folder, 'policies'))
    await mkdir(join(folder, 'data'))
    await save('good', 'allow')
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await start()
  })
  after(async () => {
    client?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  function save(name: string, set: 'allow' | 'deny'): Promise<void> {
    const rule = `${set} contains {"rule": "a/${name}"} if input.action.read_only\n`
    return writeFile(join(folder, 'policies', 'a.rego'), `package sluice.rules.a\n\n${rule}`)
  }

  /** What a read is answered with: nothing when it is allowed. */
  async function refused(): Promise<string | undefined> {
    const [error] = (await client.query('select 1')).errors
    return error === undefined ? undefined : /"(a\/\w+)"/.exec(error.message)?.[1]
  }

  async function until(rule: string | undefined): Promise<void> {
    const late = AbortSignal.timeout(30_000)
    while ((await refused()) !== rule) {
      assert.ok(!late.aborted, `${rule ?? 'what allows'} was not in force in time`)
      await sleep(20)
    }
  }

  async function api(as: DemoSubject, path: string, body?: object): Promise<Response> {
    const { password } = await gateway.login(as, 'shop')
    const headers = { authorization: `Bearer ${password}`, 'content-type': 'application/json' }
    return fetch(`http://${gateway.api.host}:${gateway.api.port}${path}`, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  }

  async function view(): Promise<View> {
    return (await (await api('erin', '/v1/policies')).json()) as View
  }

  test('is in force again on an open connection, stays so over a restart, and until the files change', async () => {
    const { active: good } = await view()
    await save('bad', 'deny')
    await until('a/bad')
    const path = `/v1/policies/${good}/activate`
    for (const name of ['erin', 'alice', 'bob', 'langchain-reporting'] as const)
      assert.equal((await api(name, path, {})).status, 403)
    assert.equal(await refused(), 'a/bad')

    assert.equal((await api('carol', path, { reason: 'it denies everything' })).status, 200)
    assert.equal(await refused(), undefined, 'the next statement is judged by it')
    const { active, files, revisions } = await view()
    assert.deepEqual([active, files], [good, 'differ'])
    assert.equal(revisions[0]?.reason, 'it denies everything')
    assert.match(revisions[0]?.by ?? '', /#carol$/)

    await restart()
    assert.equal(await refused(), undefined)
    assert.equal((await view()).files, 'differ')

    await save('worse', 'deny')
    await until('a/worse')
    assert.equal((await view()).files, 'active')
    await restart()
    assert.equal(await refused(), 'a/worse')
  })

  test('a restart over broken files serves what was in force', async () => {
    await save('good', 'allow')
    await until(undefined)
    const { active } = await view()
    client.close()
    await gateway.close()
    await writeFile(
      join(folder, 'policies', 'a.rego'),
      'package sluice.rules.a\n\nallow contains 1 if inptu\n',
    )
    await start()
    assert.equal(await refused(), undefined)
    const now = await view()
    assert.deepEqual([now.active, now.files], [active, 'rejected'])
    assert.match(now.rejected?.errors ?? '', /^a\.rego:3:21: var inptu is unsafe, did you mean input\?$/)
    assert.match(gateway.reports[0] ?? '', new RegExp(`${folder}/policies/a\\.rego:3:21: `))
  })
})
