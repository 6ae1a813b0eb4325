import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Json } from '@sluice/core'
import { runWithPython } from '../python.ts'
import { seenIn, transcribe } from '../transcript.ts'
import { tokenOf } from './clients/curl.ts'
import { modelRefusals } from './clients/models.ts'
import { toolkitRefusal } from './clients/toolkit.ts'
import { openStage } from './stage.ts'

/** A denial is read by each client for what it is, none asks again, and the next request is served. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()
const python = await runWithPython('http_cases.py', door, { cases: ['refused'] })
const models = await runWithPython('model_cases.py', door, { cases: ['refused_models', 'refused_tools'] })

const words =
  /^Access denied by policy "doors\/closed" \(ref dec_[0-9A-Z]{26}\): This door is closed\..*do not retry/i
const modelWords =
  /Access denied by policy \\?"doors\/model\\?" \(ref dec_[0-9A-Z]{26}\): This model is not for you\./

interface Problem {
  readonly type: string
  readonly status: number
  readonly detail: string
  readonly error: { readonly message: string }
}

function assertRefusal(status: unknown, body: unknown): void {
  assert.equal(status, 403)
  const { type, status: said, detail, error } = body as Problem
  assert.deepEqual([type, said], ['https://sluice.dev/problems/denied', 403])
  assert.match(detail, words)
  assert.equal(error.message, detail)
}

/** What a client raised. */
interface Raised {
  readonly name: string
  readonly status: number
  readonly message: string
}

suite('a denial', () => {
  test('of fetch is 403 with the reason, and the connection stays', async () => {
    const refused = await fetch(`${door.url}/denied/things`, { headers: door.headers })
    assert.match(refused.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assertRefusal(refused.status, await refused.json())
    const next = await fetch(`${door.url}/json`, { headers: door.headers })
    assert.equal(next.status, 200)
    await next.body?.cancel()
  })

  test('of curl is 403 with the reason, and the connection stays', async () => {
    const more = ['--next', '-s', '-w', '%{num_connects}', ...tokenOf(door), `${door.url}/empty`]
    const asked = ['-s', '-w', '\n%{http_code} ', ...tokenOf(door), `${door.url}/denied`, ...more]
    const { stdout } = await promisify(execFile)('curl', asked)
    const [body = '', rest] = stdout.split('\n')
    assertRefusal(403, JSON.parse(body))
    assert.equal(rest, '403 0', 'the second request opened no connection')
  })

  test('of requests, httpx and aiohttp', { skip: python.size === 0 }, () => {
    for (const [[status, body] = [], next] of Object.values(
      seenIn(python, 'refused') as Record<string, Json[][]>,
    )) {
      assertRefusal(status, body ?? null)
      assert.equal(next?.[0], 200)
    }
  })

  test('of language models is a lack of permission, asked once', { skip: models.size === 0 }, () => {
    const seen = seenIn(models, 'refused_models') as unknown as Record<string, Raised>
    assert.deepEqual(Object.keys(seen), ['openai', 'anthropic', 'ChatOpenAI'])
    for (const { name, status, message } of Object.values(seen)) {
      assert.match(name, /PermissionDenied/)
      assert.equal(status, 403)
      assert.match(message, modelWords)
    }
  })

  test('of language models in JavaScript too', async () => {
    const seen = await transcribe(modelRefusals, door)
    for (const client of seen.keys()) {
      const { status, message } = seenIn(seen, client) as unknown as Raised
      assert.equal(status, 403, client)
      assert.match(message, modelWords, client)
    }
  })

  test('is what a model reads of LangChain’s tools', async () => {
    const javascript = seenIn(await transcribe({ tools: toolkitRefusal }, door), 'tools') as string[]
    const inPython = models.size === 0 ? {} : (seenIn(models, 'refused_tools') as Record<string, string[]>)
    for (const [refused = '', next = ''] of [javascript, ...Object.values(inPython)]) {
      assertRefusal(403, JSON.parse(refused))
      assert.match(next, /"hello"/)
    }
  })

  test('was asked for once by each, and nothing of it reached the API', async () => {
    const paths = stage.api.requests.map(({ address }) => address)
    assert.deepEqual(
      paths.filter((path) => /denied|closed/.test(path)),
      [],
    )
    const denied = (await stage.events()).filter(
      ({ type, data }) => type === 'DecisionMade' && JSON.stringify(data).includes('doors/model'),
    )
    assert.equal(denied.length, models.size === 0 ? 3 : 6)
  })
})
