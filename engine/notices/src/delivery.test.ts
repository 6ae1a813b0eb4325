import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits } from '@sluice/core'
import { deliveryOf, retryAfterOf, type Delivery } from './delivery.ts'

const kinds: readonly (readonly [Delivery['kind'], readonly number[]])[] = [
  ['delivered', [200, 201, 202, 204]],
  ['refused', [400, 401, 403, 404, 410, 422]],
  ['failed', [301, 302, 307, 408, 429, 500, 502, 503, 504]],
]

for (const [kind, statuses] of kinds)
  for (const status of statuses)
    test(`${status} is ${kind}`, () => assert.equal(deliveryOf({ status, retryAfterMs: 0 }).kind, kind))

test('what a destination asks to wait is kept', () => {
  assert.deepEqual(deliveryOf({ status: 429, retryAfterMs: 7 }), {
    kind: 'failed',
    reason: 'it answered 429',
    afterMs: 7,
  })
})

const now = Date.parse('2026-01-01T00:00:00Z')
const waits: readonly (readonly [string | undefined, number])[] = [
  [undefined, 0],
  ['30', 30_000],
  ['0', 0],
  ['-5', 0],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ['Thu, 01 Jan 2025 00:01:00 GMT', 0],
  ['soon', 0],
  ['999999999', limits.noticeRetryAfterMsMax],
  ['Fri, 01 Jan 2100 00:00:00 GMT', limits.noticeRetryAfterMsMax],
]

for (const [header, ms] of waits)
  test(`Retry-After: ${String(header)}`, () => assert.equal(retryAfterOf(header, now), ms))
