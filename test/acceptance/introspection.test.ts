import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { introspectionCases } from './clients/introspection.ts'
import { runWithPython } from './python.ts'
import { refusalsOf } from './record.ts'
import { openStage } from './stage.ts'
import { assertSame, transcribe, type Transcript } from './transcript.ts'
import type { Login } from '../src/wire-client.ts'

/**
 * Everything that drivers, ORMs and psql ask about a database is answered as the server answers it. What vector stores
 * create at their start is not here: it needs the extension `vector`, which this server does not bring.
 */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

async function run(door: Login): Promise<Transcript> {
  await stage.reset()
  const python = await runWithPython('introspection_cases.py', door)
  return new Map([...python, ...(await transcribe(introspectionCases, door))])
}

const direct = await run(stage.direct)
const through = await run(await stage.through('alice'))

suite('introspection', () => {
  assertSame(direct, through)

  test('nothing of it was refused', async () => {
    assert.deepEqual(refusalsOf(await stage.events(), 'demo#alice'), [])
  })
})
