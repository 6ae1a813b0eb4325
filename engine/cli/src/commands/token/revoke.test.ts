import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { RevocationLine } from '@sluice/api'
import { ran, scriptedServer, type Ended } from '../../scripted.ts'

const token: RevocationLine = {
  of: 'token',
  token: 'tok_1',
  subject: null,
  revoked_at: '2026-11-25T10:00:00.000Z',
  issued_up_to: null,
  until: '2026-11-25T10:17:00.000Z',
  by: 'demo#carol',
  reason: 'leaked',
}
const subject: RevocationLine = {
  ...token,
  of: 'subject',
  token: null,
  subject: 'demo#alice',
  issued_up_to: '2026-11-25T10:01:00.000Z',
}

async function asked(
  args: readonly string[],
  answer: object,
  status: number = 200,
): Promise<Ended & { readonly sent: readonly string[] }> {
  await using api = await scriptedServer(() => ({ status, body: JSON.stringify(answer) }))
  const ended = await ran(['token', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })
  return { ...ended, sent: api.asked }
}

test('a token by its id', async () => {
  const { code, out, sent } = await asked(['revoke', 'tok_1', '--reason', 'leaked'], token)
  assert.deepEqual([code, out], [0, 'tok_1 is revoked by demo#carol, and what was made from it\n'])
  assert.deepEqual(sent, ['POST /v1/revocations {"token":"tok_1","reason":"leaked"}'])
})

test('all tokens of a subject, or one’s own, with when the next is good', async () => {
  const words =
    'the tokens of demo#alice are revoked by demo#carol; one that is issued after 2026-11-25 10:01:00 UTC is good\n'
  for (const [args, body] of [
    [['--subject', 'demo#alice'], '{"subject":"demo#alice","reason":"left"}'],
    [['--mine'], '{"mine":"all","reason":"left"}'],
  ] as const) {
    const { code, out, sent } = await asked(['revoke', ...args, '--reason', 'left'], subject)
    assert.deepEqual([code, out, sent], [0, words, [`POST /v1/revocations ${body}`]])
  }
})

test('what may still concern a token, as a table or as JSON', async () => {
  const { out, sent } = await asked(['revoked'], [token, subject])
  assert.deepEqual(sent, ['GET /v1/revocations'])
  assert.equal(
    out,
    `revoked  what        at                       remembered until         by          reason
token    tok_1       2026-11-25 10:00:00 UTC  2026-11-25 10:17:00 UTC  demo#carol  leaked
subject  demo#alice  2026-11-25 10:00:00 UTC  2026-11-25 10:17:00 UTC  demo#carol  leaked
`,
  )
  const { out: json } = await asked(['revoked', '--json'], [token])
  assert.deepEqual(JSON.parse(json), token)
})

test('who may not is told so', async () => {
  const { code, error } = await asked(['revoke', 'tok_1', '--reason', 'x'], { detail: 'Only an admin.' }, 403)
  assert.deepEqual([code, error], [1, 'sluice: /v1/revocations answered 403: Only an admin.\n'])
})

test('two things, nothing, no reason, and options of elsewhere are mistakes', async () => {
  for (const args of [
    ['revoke', '--reason', 'x'],
    ['revoke', 'tok_1'],
    ['revoke', 'tok_1', '--reason', ''],
    ['revoke', 'tok_1', '--mine', '--reason', 'x'],
    ['revoke', 'tok_1', 'tok_2', '--reason', 'x'],
    ['--mine'],
    ['revoked', '--reason', 'x'],
    ['revoked', 'tok_1'],
  ])
    assert.equal((await asked(args, token)).code, 2, args.join(' '))
})
