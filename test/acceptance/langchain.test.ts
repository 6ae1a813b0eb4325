import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { clearValues, masked } from './clear-values.ts'
import { langchainCases, langchainRefusal } from './clients/langchain.ts'
import { runWithPython } from './python.ts'
import { refusalsOf } from './record.ts'
import { openStage } from './stage.ts'
import { seenIn, transcribe, type Transcript } from './transcript.ts'
import type { Login } from '../src/wire-client.ts'

/** LangChain's SQL tools work unchanged; a model reads masked samples, and the reason when it is refused. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

async function run(door: Login): Promise<Transcript> {
  await stage.reset()
  const cases = ['psycopg', 'psycopg2', 'default_driver']
  const python = await runWithPython('langchain_cases.py', door, { cases })
  return new Map([...python, ...(await transcribe(langchainCases, door))])
}

const direct = await run(stage.direct)
const through = await run(await stage.through('alice'))
const reporting = await stage.through('langchain-reporting')
const refused = new Map([
  ...(await runWithPython('langchain_cases.py', reporting, { cases: ['refused'] })),
  ...(await transcribe({ 'refused in JavaScript': langchainRefusal }, reporting)),
])

const words =
  /Access denied by policy "destructive\/drop" \(ref dec_[0-9A-Z]{26}\): DROP is not allowed\..* do not retry/

suite('LangChain', () => {
  for (const name of direct.keys())
    test(`${name}: the same as at the server, protected values masked`, () => {
      const shown = seenIn(through, name)
      assert.deepEqual(clearValues(shown), [])
      assert.deepEqual(shown, masked(seenIn(direct, name)))
    })

  for (const name of refused.keys())
    test(`${name}: a model reads why, and the next query works`, () => {
      const found = seenIn(refused, name)
      const sessions = Array.isArray(found) ? [found as string[]] : (Object.values(found ?? {}) as string[][])
      assert.ok(sessions.length > 0)
      for (const [refusal, next] of sessions) {
        assert.match(refusal ?? '', words)
        assert.match(next ?? '', /8000/)
      }
    })

  test('nothing of its start, its reflection and its reads was refused', async () => {
    assert.deepEqual(refusalsOf(await stage.events(), 'demo#alice'), [])
  })
})
