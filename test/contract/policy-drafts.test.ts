import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { demoToken, startIdentityProvider } from '@sluice/demo'
import { startGateway } from '../src/index.ts'

/** Policies that are not in force, asked of a gateway with a record: what is wrong with them, and what they would change. */
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const provider = await startIdentityProvider({ port: 0 })
parts.defer(() => provider.close())
const backend = createServer((_request, response) => void response.end('{}'))
await once(backend.listen(0, '127.0.0.1'), 'listening')
parts.defer(() => void backend.close())
const { port } = backend.address() as AddressInfo
const gateway = await startGateway({
  provider,
  policies: fileURLToPath(new URL('../acceptance/http/policies', import.meta.url)),
  targets: [{ name: 'api', http: { host: '127.0.0.1', port } }],
})
parts.defer(() => gateway.close())
const token = await demoToken(provider, 'carol')
const auditor = await demoToken(provider, 'erin')

async function ask<T>(path: string, body?: object, as = token): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${gateway.api.port}/v1/${path}`, {
    headers: {
      authorization: `Bearer ${as}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  assert.equal(response.status, 200, JSON.stringify(answer))
  return answer as T
}

type Files = Readonly<Record<string, string>>

async function filesInForce(): Promise<Files> {
  const { active } = await ask<{ readonly active: string }>('policies')
  return (await ask<{ readonly files: Files }>(`policies/${active}/files`)).files
}

const closed = `package sluice.rules.closed

deny contains {"rule": "closed/all", "message": "Closed today."} if true
`

suite('a draft of policies', () => {
  test('starts from the files in force, which have nothing wrong', async () => {
    const files = await filesInForce()
    assert.ok(Object.keys(files).some((name) => name.endsWith('.rego')))
    assert.deepEqual(await ask('policies/check', { files }), { ok: true, findings: [] })
    const tested = await ask<{ readonly ok: boolean; readonly passed: boolean }>('policies/test', { files })
    assert.deepEqual([tested.ok, tested.passed], [true, true])
  })

  test('is told where it is wrong', async () => {
    const files = {
      ...(await filesInForce()),
      'mine.rego': 'package sluice.rules.mine\n\nallow contains {\n',
    }
    const { ok, findings } = await ask<{
      readonly ok: boolean
      readonly findings: readonly { readonly file: string; readonly row: number }[]
    }>('policies/check', { files })
    assert.equal(ok, false)
    assert.deepEqual([findings[0]?.file, (findings[0]?.row ?? 0) > 0], ['mine.rego', true])
  })

  test('tells of a recorded exchange and of all of them what it would change', async () => {
    const door = await gateway.door('langchain-reporting', 'api')
    for (const path of ['/a', '/b'])
      await (await fetch(`${door.url}${path}`, { headers: door.headers })).text()
    const found = async () =>
      (
        await ask<{ readonly exchanges: readonly { readonly session: string; readonly exchange: string }[] }>(
          'exchanges?target=api',
          undefined,
          auditor,
        )
      ).exchanges
    let exchanges = await found()
    while (exchanges.length < 2) exchanges = await found()
    const files = { ...(await filesInForce()), 'closed.rego': closed }
    const [one] = exchanges
    const judged = await ask<{
      readonly actions: readonly {
        readonly recorded: { readonly effect: string }
        readonly now: { readonly effect: string; readonly reasons: readonly { readonly rule: string }[] }
        readonly read: string
      }[]
    }>('policies/evaluate', { files, session: one?.session, exchange: one?.exchange })
    const [action] = judged.actions
    assert.deepEqual(
      [action?.recorded.effect, action?.now.effect, action?.now.reasons[0]?.rule],
      ['allow', 'deny', 'closed/all'],
    )
    let job = await ask<{
      readonly id: string
      readonly state: string
      readonly report: { readonly decisions: number; readonly changed: number } | null
    }>('policies/what-if', { files })
    while (job.state === 'running') job = await ask(`policies/what-if/${job.id}`)
    assert.deepEqual([job.state, job.report?.decisions, job.report?.changed], ['done', 2, 2])
  })
})
