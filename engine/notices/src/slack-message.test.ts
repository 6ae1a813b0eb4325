import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { ApprovalView } from '@sluice/core'
import { approvalId, waitingNotice } from './scripted.ts'
import { slackActions, slackMessage, type SlackMessage } from './slack-message.ts'

const link = (path: string): string => `https://sluice.example${path}`

function message(change: Partial<ApprovalView> = {}, votes = true): SlackMessage {
  const notice = waitingNotice(change)
  return slackMessage({ kind: 'notice', id: notice.id, notice }, votes, link)
}

interface Button {
  readonly action_id: string
  readonly value: string
  readonly confirm?: object
}

function buttonsOf({ blocks }: SlackMessage): readonly Button[] {
  return blocks.flatMap((block) => (block['elements'] ?? []) as readonly Button[])
}

function textsOf({ blocks }: SlackMessage): readonly string[] {
  return blocks
    .filter(({ type }) => type === 'section')
    .map((block) => (block['text'] as { readonly text: string }).text)
}

suite('buttons', () => {
  test('name the approval, and approving is asked for once more', () => {
    const buttons = buttonsOf(message())
    assert.deepEqual(
      buttons.map(({ action_id, value }) => [action_id, value]),
      [
        [slackActions.approve, approvalId(1)],
        [slackActions.reject, approvalId(1)],
      ],
    )
    assert.ok(buttons[0]?.confirm !== undefined)
  })

  test('are not there when clicks lead nowhere, or nothing waits any more', () => {
    assert.deepEqual(buttonsOf(message({}, false)), [])
    assert.deepEqual(buttonsOf(message({ state: 'approved' })), [])
  })
})

suite('texts of requests', () => {
  const hostile = [
    '<!channel> <@U123> <https://evil.example|Look at it in Sluice>',
    '`*bold*` _it_ ~no~ `code`',
    'one\nAsked by: `idp#boss`',
    '&lt;!here&gt;',
  ]
  for (const text of hostile)
    test(`${JSON.stringify(text)} is shown as it is and does nothing`, () => {
      const lines = textsOf(message({ message: text, rule: text, target: text }))
        .join('\n')
        .split('\n')
      const ours = lines.filter((line) => !line.startsWith('<https://sluice.example/'))
      assert.equal(ours.length, 8, 'no line more than there are facts')
      for (const line of ours) {
        assert.match(line, /^[A-Z][a-z ]+: `[^`]*`$/, 'a name, and code with no way out of it')
        assert.doesNotMatch(line, /[<>]/)
      }
      assert.doesNotMatch(message({ target: text }).text, /[<>]/)
    })

  test('never make a message larger than Slack takes', () => {
    const long = '&'.repeat(10_000)
    const sent = message({ message: long, rule: long, approvers: [long] })
    for (const text of textsOf(sent)) assert.ok(text.length <= 3_000, String(text.length))
    assert.ok(sent.blocks.length <= 50)
  })
})

test('the link is a page to look at, and Slack fetches nothing', () => {
  const sent = message()
  assert.ok(
    textsOf(sent).some((text) => text.includes(`<https://sluice.example/approvals/${approvalId(1)}|`)),
  )
  assert.deepEqual([sent.unfurl_links, sent.unfurl_media], [false, false])
})
