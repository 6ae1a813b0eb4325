import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clickOf } from './slack-click.ts'

const id = `apr_${'0'.repeat(26)}`
const good = {
  type: 'block_actions',
  user: { id: 'U1', team_id: 'T1' },
  team: { id: 'T2' },
  response_url: 'https://hooks.slack.com/actions/1',
  actions: [{ action_id: 'sluice_approve', value: id }],
}

function form(payload: unknown): Buffer {
  return Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
}

test('a click on a button of ours', () => {
  const replyTo = 'https://hooks.slack.com/actions/1'
  const click = { user: 'U1', team: 'T1', vote: 'approve', approval: id, replyTo }
  assert.deepEqual(clickOf(form(good)), click)
  assert.deepEqual(clickOf(form({ ...good, actions: [{ action_id: 'sluice_reject', value: id }] })), {
    ...click,
    vote: 'reject',
  })
  assert.equal(
    clickOf(form({ ...good, user: { id: 'U1' } }))?.team,
    'T2',
    'of the workspace where it was clicked',
  )
})

const others: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['no JSON', Buffer.from('payload=%7B')],
  ['null', form(null)],
  ['a list', form([good])],
  ['another kind of callback', form({ ...good, type: 'view_submission' })],
  ['another button', form({ ...good, actions: [{ action_id: 'toString', value: id }] })],
  ['no id of an approval', form({ ...good, actions: [{ action_id: 'sluice_approve', value: '../x' }] })],
  ['no actions', form({ ...good, actions: {} })],
  ['an action that is none', form({ ...good, actions: [null] })],
  ['nobody', form({ ...good, user: undefined })],
  ['somebody of nowhere', form({ ...good, user: { id: 'U1' }, team: null })],
  ['no way to answer', form({ ...good, response_url: 7 })],
]

for (const [what, body] of others) test(`${what} is no click`, () => assert.equal(clickOf(body), null))
