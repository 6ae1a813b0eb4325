import assert from 'node:assert/strict'
import type { RecordedEvent } from '@sluice/core'
import { openBundle, sourcesOf, whatIf, type WhatIfReport } from '@sluice/policy'
import { compiledPolicies } from '../src/gateway.ts'

/** What the policies say of everything in a log of theirs, built anew from what the log holds of them. */
export async function judgedAgain(events: readonly RecordedEvent[]): Promise<WhatIfReport> {
  const activated = events.find((event) => event.type === 'PolicyActivated')
  assert.ok(activated?.type === 'PolicyActivated')
  const files = JSON.parse(activated.data.bundle) as Readonly<Record<string, string>>
  const bundle = await openBundle(sourcesOf(files), compiledPolicies)
  assert.equal(bundle.revision, activated.data.revision)
  return whatIf(streamed(events), bundle, { sinceMs: 0, untilMs: Infinity, threads: 2 })
}

async function* streamed(events: readonly RecordedEvent[]): AsyncGenerator<RecordedEvent> {
  yield* events
}
