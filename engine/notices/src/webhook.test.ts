import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { systemClock } from '@sluice/core'
import { outside, waitingNotice, type Got } from './scripted.ts'
import type { Message } from './notice.ts'
import { webhook } from './webhook.ts'

const never = new AbortController().signal
const notice = waitingNotice()
const message: Message = { kind: 'notice', id: notice.id, notice }

function to(url: string, secret: () => Promise<string> = async () => 's3cret'): ReturnType<typeof webhook> {
  return webhook({ url: async () => url, secret, link: () => null, clock: systemClock })
}

/** As a receiver checks it, by what the configuration's reference says. */
function isAuthentic({ headers, body }: Pick<Got, 'headers' | 'body'>, secret: string, now: number): boolean {
  const { t, v1 } =
    /^t=(?<t>\d+),v1=(?<v1>[0-9a-f]{64})$/.exec(String(headers['sluice-signature']))?.groups ?? {}
  if (t === undefined || v1 === undefined || Math.abs(now / 1_000 - Number(t)) > 300) return false
  const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest()
  return timingSafeEqual(expected, Buffer.from(v1, 'hex'))
}

test('a receiver finds it authentic, and not with another secret, body or time', async () => {
  await using server = await outside((response) => response.writeHead(204).end())
  assert.deepEqual(await to(server.url).deliver(message, never), { kind: 'delivered' })
  const [got] = server.got
  assert.ok(got !== undefined)
  const now = Date.now()
  assert.equal(isAuthentic(got, 's3cret', now), true)
  assert.equal(isAuthentic(got, 'other', now), false)
  assert.equal(isAuthentic({ ...got, body: got.body.replace('shop', 'shoq') }, 's3cret', now), false)
  assert.equal(isAuthentic(got, 's3cret', now + 3_600_000), false, 'what was kept is refused later')
})

test('a repetition has the same id and body, and a fresh signature', async () => {
  await using server = await outside((response) => response.writeHead(500).end())
  const hook = to(server.url)
  for (let attempt = 0; attempt < 2; attempt++)
    assert.deepEqual(await hook.deliver(message, never), {
      kind: 'failed',
      reason: 'it answered 500',
      afterMs: 0,
    })
  const [first, second] = server.got
  assert.equal(first?.headers['sluice-delivery'], notice.id)
  assert.equal(second?.headers['idempotency-key'], `"${notice.id}"`)
  assert.equal(first?.body, second?.body)
})

test('a secret that was changed is used at once', async () => {
  await using server = await outside((response) => response.end())
  const secrets = ['one', 'two']
  const hook = to(server.url, async () => secrets.shift() ?? '')
  await hook.deliver(message, never)
  await hook.deliver(message, never)
  assert.deepEqual(
    server.got.map((got, index) => isAuthentic(got, ['one', 'two'][index] ?? '', Date.now())),
    [true, true],
  )
})

test('nobody there is a failure that passes', async () => {
  assert.deepEqual(await to('http://127.0.0.1:1/').deliver(message, never), {
    kind: 'failed',
    reason: 'no answer: ECONNREFUSED',
    afterMs: 0,
  })
})
