import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { DemoSubject } from '@sluice/demo'
import { clearValues, masked } from './clear-values.ts'
import { maskingCases } from './clients/masking.ts'
import { runWithPython } from './python.ts'
import { openStage } from './stage.ts'
import { seenIn, transcribe, type Transcript } from './transcript.ts'
import type { Login } from '../src/wire-client.ts'

/** Protected columns are masked for every client in every format, and nothing else of the answer changes. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

async function run(door: Login): Promise<Transcript> {
  const python = await runWithPython('masking_cases.py', door)
  return new Map([...(await transcribe(maskingCases, door)), ...python])
}

const as = async (subject: DemoSubject): Promise<Transcript> => run(await stage.through(subject))
const direct = await run(stage.direct)
const reporting = await as('langchain-reporting')
const reader = await as('dave')

suite('for everybody', () => {
  for (const name of direct.keys())
    test(name, () => {
      const clear = seenIn(direct, name)
      assert.ok(clearValues(clear).length >= 3, 'the server shows something to mask')
      const shown = seenIn(reporting, name)
      assert.deepEqual(clearValues(shown), [])
      assert.deepEqual(shown, masked(clear))
    })
})

suite('not for readers of personal data', () => {
  for (const name of direct.keys())
    test(name, () => assert.deepEqual(seenIn(reader, name), seenIn(direct, name)))
})
