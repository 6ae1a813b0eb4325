import { test } from 'node:test'
import assert from 'node:assert/strict'
import {
  StoreError,
  systemClock,
  systemIds,
  type NewEvent,
  type RecordedEvent,
  type Target,
} from '@sluice/core'
import type { Bundle } from '@sluice/policy'
import { declare, type Declarations } from './declare.ts'

const bundle: Bundle = {
  revision: 'r1',
  compiler: 'opa 1',
  files: { 'a.rego': 'package a' },
  data: '{}',
  wasm: new Uint8Array(),
  reads: [],
}

const shop: Target = {
  name: 'shop',
  protocol: 'postgres',
  labels: { env: 'test' },
  address: { host: 'db', port: 5432 },
  settings: { database: 'shop' },
}
const other: Target = { ...shop, name: 'other' }

interface Log {
  readonly declared: Declarations
  /** What was appended since the last look. */
  readonly news: () => readonly string[]
  readonly reports: string[]
  failing: boolean
}

/** The fields of a record come back in another order than they were written: a codec's, not ours. */
function reversed<T extends object>(data: T): T {
  return Object.fromEntries(Object.entries(data).toReversed()) as T
}

function log(): Log {
  const events: RecordedEvent[] = []
  const reports: string[] = []
  let seen = 0
  const append = async ({ stream, events: added }: { stream: string; events: readonly NewEvent[] }) => {
    if (self.failing) throw new StoreError('unavailable', 'no log')
    assert.equal(stream, 'control')
    for (const event of added)
      events.push({ ...event, data: reversed(event.data), stream } as unknown as RecordedEvent)
    return '' as RecordedEvent['position']
  }
  async function* read(): AsyncGenerator<RecordedEvent> {
    yield* events
  }
  const self: Log = {
    declared: declare({
      store: { append, read },
      clock: systemClock,
      ids: systemIds(systemClock),
      report: (what) => void reports.push(what),
    }),
    news: () => events.slice(seen, (seen = events.length)).map(({ type }) => type),
    reports,
    failing: false,
  }
  return self
}

test('a first start declares policy and targets', async () => {
  const { declared, news } = log()
  await declared.start(bundle, [shop, other])
  assert.deepEqual(news(), ['PolicyActivated', 'TargetRegistered', 'TargetRegistered'])
})

test('a start without changes appends nothing', async () => {
  const { declared, news } = log()
  await declared.start(bundle, [shop, other])
  news()
  await declared.start(bundle, [other, shop])
  assert.deepEqual(news(), [])
})

const changes: readonly (readonly [string, Bundle, readonly Target[], readonly string[]])[] = [
  ['another policy', { ...bundle, revision: 'r2' }, [shop, other], ['PolicyActivated']],
  ['a label', bundle, [{ ...shop, labels: { env: 'prod' } }, other], ['TargetRegistered']],
  ['an address', bundle, [{ ...shop, address: { host: 'db', port: 1 } }, other], ['TargetRegistered']],
  ['a setting', bundle, [{ ...shop, settings: { database: 'x' } }, other], ['TargetRegistered']],
  ['a target that is gone', bundle, [shop], ['TargetRemoved']],
  [
    'a target under another name',
    bundle,
    [shop, { ...other, name: 'third' }],
    ['TargetRegistered', 'TargetRemoved'],
  ],
]

for (const [name, policy, targets, expected] of changes)
  test(`${name} is all that is appended, and only once`, async () => {
    const { declared, news } = log()
    await declared.start(bundle, [shop, other])
    news()
    await declared.start(policy, targets)
    assert.deepEqual(news(), expected)
    await declared.start(policy, targets)
    assert.deepEqual(news(), [])
  })

test('a target that comes back is registered again', async () => {
  const { declared, news } = log()
  await declared.start(bundle, [shop])
  await declared.start(bundle, [])
  news()
  await declared.start(bundle, [shop])
  assert.deepEqual(news(), ['TargetRegistered'])
})

test('a start whose declarations are not durable fails', async () => {
  const self = log()
  self.failing = true
  await assert.rejects(self.declared.start(bundle, [shop]), StoreError)
})

test('changed and unusable policies are recorded; a log that does not take them is reported', async () => {
  const self = log()
  await self.declared.policyActivated({ ...bundle, revision: 'r2' })
  await self.declared.policyRejected('a.rego:1:1: no')
  assert.deepEqual(self.news(), ['PolicyActivated', 'PolicyRejected'])
  self.failing = true
  await self.declared.policyActivated(bundle)
  await self.declared.policyRejected('no')
  assert.deepEqual(self.reports, [
    'an activated policy was not recorded',
    'a rejected policy was not recorded',
  ])
})
