import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '@sluice/core'
import type { Delivery } from './delivery.ts'
import type { Message } from './notice.ts'
import { outside, waitingNotice, type Got } from './scripted.ts'
import { slack, type SlackAccess } from './slack.ts'

const notice = waitingNotice()
const message: Message = { kind: 'notice', id: notice.id, notice }

interface Attempt {
  readonly delivery: Delivery
  readonly got: Got | undefined
}

async function attempt(bot: boolean, status: number, body: string): Promise<Attempt> {
  await using server = await outside((response) =>
    response.writeHead(status, { 'retry-after': '3' }).end(body),
  )
  const url = async (): Promise<string> => server.url
  const access: SlackAccess = bot
    ? { kind: 'bot', url, token: async () => 'xoxb-1', channel: 'C1' }
    : { kind: 'webhook', url }
  const medium = slack({ access, votes: true, link: () => null, clock: systemClock })
  const delivery = await medium.deliver(message, new AbortController().signal)
  return { delivery, got: server.got[0] }
}

suite('an incoming webhook', () => {
  test('gets the message and no credential', async () => {
    const { delivery, got } = await attempt(false, 200, 'ok')
    assert.equal(delivery.kind, 'delivered')
    assert.equal(got?.headers.authorization, undefined)
    assert.match(got?.body ?? '', /"sluice_approve"/)
  })

  test('that is gone is given up, and one that is busy is not', async () => {
    assert.equal((await attempt(false, 410, 'channel_is_archived')).delivery.kind, 'refused')
    assert.deepEqual((await attempt(false, 429, '')).delivery, {
      kind: 'failed',
      reason: 'it answered 429',
      afterMs: 3_000,
    })
  })
})

suite('a bot', () => {
  test('writes into its channel with its token', async () => {
    const { delivery, got } = await attempt(true, 200, '{"ok":true}')
    assert.equal(delivery.kind, 'delivered')
    assert.equal(got?.headers.authorization, 'Bearer xoxb-1')
    assert.equal((JSON.parse(got?.body ?? '{}') as { channel: string }).channel, 'C1')
  })

  const answers: readonly (readonly [string, Delivery['kind'], string])[] = [
    ['{"ok":false,"error":"channel_not_found"}', 'refused', 'Slack says channel_not_found'],
    ['{"ok":false,"error":"ratelimited"}', 'failed', 'Slack says ratelimited'],
    ['{"ok":false,"error":"<script>"}', 'failed', 'Slack says internal_error'],
    ['<html>', 'failed', 'Slack says internal_error'],
  ]
  for (const [body, kind, reason] of answers)
    test(`is told ${body}`, async () => {
      const { delivery } = await attempt(true, 200, body)
      assert.ok(delivery.kind !== 'delivered')
      assert.deepEqual([delivery.kind, delivery.reason], [kind, reason])
    })
})
