import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '@sluice/core'
import { outside } from './scripted.ts'
import { slackReplies } from './slack-reply.ts'

test('one person is told, and nothing in it is a mention', async () => {
  await using server = await outside((response) => response.end())
  const reports: string[] = []
  const report = (what: string): void => void reports.push(what)
  const reply = slackReplies({ clock: systemClock, report, hosts: [new URL(server.url).host] })
  await reply(`${server.url}/actions/1`, 'Nobody <!here> may vote & go.')
  assert.deepEqual(JSON.parse(server.got[0]?.body ?? ''), {
    response_type: 'ephemeral',
    replace_original: false,
    text: 'Nobody &lt;!here&gt; may vote &amp; go.',
  })
  assert.deepEqual(reports, [])
})

test('only Slack is answered, whatever a callback says', async () => {
  await using server = await outside((response) => response.end())
  const reports: string[] = []
  const reply = slackReplies({ clock: systemClock, report: (what) => void reports.push(what) })
  for (const url of [server.url, 'https://hooks.slack.com.evil.example/', 'nonsense'])
    await reply(url, 'hello')
  assert.equal(server.got.length, 0)
  assert.equal(reports.length, 3)
})

test('an answer that is not taken is reported and harms nobody', async () => {
  await using server = await outside((response) => response.writeHead(404).end())
  const reports: string[] = []
  const report = (what: string): void => void reports.push(what)
  await slackReplies({ clock: systemClock, report, hosts: [new URL(server.url).host] })(server.url, 'hello')
  assert.equal(reports.length, 1)
})
