import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { GrantLine } from '@sluice/api'
import { ran, scriptedServer, type Ended } from '../scripted.ts'

const id = 'grt_00000000000000000000000001'
const line: GrantLine = {
  id,
  state: 'requested',
  subject: 'demo#alice',
  on_behalf_of: null,
  target: 'shop',
  role: 'reader',
  life_ms: 5_400_000,
  reason: 'the quarterly figures',
  requested_at: '2026-11-25T10:00:00.000Z',
  approvers: ['dba', 'leads'],
  decided_by: null,
  decision_reason: null,
  revoked_by: null,
  expires_at: '2026-11-26T10:00:00.000Z',
}

interface Asked extends Ended {
  readonly asked: readonly string[]
}

async function asked(args: readonly string[], answer: object = line, status: number = 200): Promise<Asked> {
  await using api = await scriptedServer(() => ({ status, body: JSON.stringify(answer) }))
  const ended = await ran(['access', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })
  return { ...ended, asked: api.asked }
}

const request = ['request', '--target', 'shop', '--for', '90m', '--reason', 'the quarterly figures']

suite('access request', () => {
  test('asks, and says who must agree and how', async () => {
    const { code, out, asked: sent } = await asked(request)
    assert.equal(code, 0)
    assert.deepEqual(sent, [
      'POST /v1/grants {"target":"shop","life_ms":5400000,"reason":"the quarterly figures"}',
    ])
    assert.equal(
      out,
      `${id} asks for reader on shop for 1h 30m
One of dba, leads must agree until 2026-11-26 10:00:00 UTC: sluice access approve ${id}
`,
    )
  })

  test('of another role', async () => {
    const { asked: sent } = await asked([...request, '--role', 'pii_reader'])
    assert.match(sent[0] ?? '', /"role":"pii_reader"/)
  })

  test('for too long is refused with the most that is given', async () => {
    const detail = 'Access to shop is given for at most 8h: ask for less.'
    const { code, error } = await asked(request, { detail }, 400)
    assert.deepEqual([code, error], [1, `sluice: /v1/grants answered 400: ${detail}\n`])
  })
})

suite('access ls', () => {
  const given: GrantLine = { ...line, state: 'given', subject: 'demo#bot', on_behalf_of: 'demo#bob' }

  test('is a table of what is asked for and valid', async () => {
    const { out, asked: sent } = await asked(['ls'], [line, given])
    assert.deepEqual(sent, ['GET /v1/grants?state=live&last=500'])
    assert.equal(
      out,
      `id                              state      subject                target  role    for     until                    reason
${id}  requested  demo#alice             shop    reader  1h 30m  2026-11-26 10:00:00 UTC  the quarterly figures
${id}  given      demo#bot for demo#bob  shop    reader  1h 30m  2026-11-26 10:00:00 UTC  the quarterly figures
`,
    )
  })

  test('as JSON, one object per line, also of what is over', async () => {
    const { out, asked: sent } = await asked(['ls', '--all', '--json'], [line, given])
    assert.deepEqual(sent, ['GET /v1/grants?state=all&last=500'])
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown),
      [line, given],
    )
  })

  test('never lets a reason command the terminal', async () => {
    const { out } = await asked(['ls'], [{ ...line, reason: 'a\n\u001b[2Jb\u202e' }])
    assert.match(out, /a\\u\{a\}\\u\{1b\}\[2Jb\\u\{202e\}$/m)
  })
})

const decisions: readonly (readonly [readonly string[], string, Partial<GrantLine>, string])[] = [
  [
    ['approve', id],
    `POST /v1/grants/${id}/decision {"decision":"grant"}`,
    { state: 'given', expires_at: '2026-11-25T11:30:00.000Z' },
    'demo#alice has reader on shop until 2026-11-25 11:30:00 UTC\n',
  ],
  [
    ['approve', id, '--reason', 'go on'],
    `POST /v1/grants/${id}/decision {"decision":"grant","reason":"go on"}`,
    { state: 'given', subject: 'demo#al\u202eice' },
    'demo#al\\u{202e}ice has reader on shop until 2026-11-26 10:00:00 UTC\n',
  ],
  [
    ['reject', id, '--reason', 'not today'],
    `POST /v1/grants/${id}/decision {"decision":"reject","reason":"not today"}`,
    { state: 'rejected' },
    `${id} is rejected\n`,
  ],
  [
    ['revoke', id, '--reason', 'done'],
    `DELETE /v1/grants/${id} {"reason":"done"}`,
    { state: 'revoked' },
    `${id} is revoked: demo#alice has it no longer\n`,
  ],
]

for (const [args, sent, change, out] of decisions)
  test(`access ${args.join(' ')}`, async () => {
    const answer = { ...line, ...change }
    assert.deepEqual(await asked(args, answer), { code: 0, out, error: '', asked: [sent] })
    const { out: json } = await asked([...args, '--json'], answer)
    assert.deepEqual(JSON.parse(json), answer)
  })

test('a conflict, and what is forbidden, are told in the words of the gateway', async () => {
  for (const [status, detail] of [
    [409, 'This access was revoked.'],
    [403, 'Nobody may decide on their own request. Ask one of dba.'],
  ] as const) {
    const { code, error } = await asked(['approve', id], { detail }, status)
    assert.equal(code, 1)
    assert.ok(error.includes(detail))
  }
})

test('an id is one part of the path, whatever was typed', async () => {
  const { asked: sent } = await asked(['revoke', '../sessions/x?y'])
  assert.deepEqual(sent, ['DELETE /v1/grants/..%2Fsessions%2Fx%3Fy {}'])
})

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /unknown "access "/],
  [['grant', id], /unknown "access grant"/],
  [['request', '--for', '1h', '--reason', 'x'], /name the target: --target/],
  [['request', '--target', 'shop', '--reason', 'x'], /say for how long: --for 1h/],
  [['request', '--target', 'shop', '--for', '1h'], /say why: --reason/],
  [['request', '--target', 'shop', '--for', 'soon', '--reason', 'x'], /"soon" is no duration/],
  [['request', 'shop'], /unexpected "shop"/],
  [['approve'], /name the request: sluice access approve <id>/],
  [['reject', id], /say why: --reason/],
  [['approve', id, '--for', '1h'], /access approve has no --for/],
  [['ls', '--reason', 'x'], /access ls has no --reason/],
]

for (const [args, expected] of wrong)
  test(`access ${args.join(' ')} is a mistake, and nothing is sent`, async () => {
    const { code, error, asked: sent } = await asked(args)
    assert.deepEqual([code, sent], [2, []])
    assert.match(error, expected)
  })
