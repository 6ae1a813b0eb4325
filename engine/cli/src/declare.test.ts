import { test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError, type Target } from '@sluice/core'
import { controlLog } from './scripted-control.ts'

const shop: Target = {
  name: 'shop',
  protocol: 'postgres',
  labels: { env: 'test' },
  address: { host: 'db', port: 5432 },
  settings: { database: 'shop' },
}
const other: Target = { ...shop, name: 'other' }

test('a first start declares its targets', async () => {
  const { declared, news } = controlLog()
  await (await declared()).targets([shop, other])
  assert.deepEqual(news(), ['TargetRegistered', 'TargetRegistered'])
})

test('a start without changes appends nothing', async () => {
  const { declared, news } = controlLog()
  await (await declared()).targets([shop, other])
  news()
  await (await declared()).targets([other, shop])
  assert.deepEqual(news(), [])
})

const changes: readonly (readonly [string, readonly Target[], readonly string[]])[] = [
  ['a label', [{ ...shop, labels: { env: 'prod' } }, other], ['TargetRegistered']],
  ['an address', [{ ...shop, address: { host: 'db', port: 1 } }, other], ['TargetRegistered']],
  ['a setting', [{ ...shop, settings: { database: 'x' } }, other], ['TargetRegistered']],
  ['a target that is gone', [shop], ['TargetRemoved']],
  ['a target under another name', [shop, { ...other, name: 'third' }], ['TargetRegistered', 'TargetRemoved']],
]

for (const [name, targets, expected] of changes)
  test(`${name} is all that is appended, and only once`, async () => {
    const { declared, news } = controlLog()
    await (await declared()).targets([shop, other])
    news()
    await (await declared()).targets(targets)
    assert.deepEqual(news(), expected)
    await (await declared()).targets(targets)
    assert.deepEqual(news(), [])
  })

test('a target that comes back is registered again', async () => {
  const { declared, news } = controlLog()
  await (await declared()).targets([shop])
  await (await declared()).targets([])
  news()
  await (await declared()).targets([shop])
  assert.deepEqual(news(), ['TargetRegistered'])
})

test('what another gateway registered is neither removed nor taken for one’s own', async () => {
  const { declared, news } = controlLog()
  await (await declared('gw_a')).targets([shop, other])
  news()
  await (await declared('gw_b')).targets([shop])
  assert.deepEqual(news(), ['TargetRegistered'])
  await (await declared('gw_b')).targets([])
  assert.deepEqual(news(), ['TargetRemoved'])
  await (await declared('gw_a')).targets([shop, other])
  assert.deepEqual(news(), [])
})

test('a start whose declarations are not durable fails', async () => {
  const log = controlLog()
  const declared = await log.declared()
  log.failing = true
  await assert.rejects(declared.targets([shop]), StoreError)
})
