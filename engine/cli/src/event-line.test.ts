import { test } from 'node:test'
import assert from 'node:assert/strict'
import { eventLine, type EventLine } from './event-line.ts'

function shown(type: string, data: EventLine['data'], stream = 'ses_01ARZ3NDEKTSV4RRFFQ69G5FAV'): string {
  return eventLine({ time: Date.UTC(2026, 0, 2, 3, 4, 5, 6), type, stream, seq: 1, data })
}

const lines: readonly (readonly [string, EventLine['data'], string])[] = [
  [
    'SessionOpened',
    { protocol: 'postgres', target: 'shop', subject: { id: 'https://i#alice' }, client_ip: '10.0.0.1' },
    'postgres shop as https://i#alice from 10.0.0.1',
  ],
  ['SessionExtended', { token_id: 'tok_1' }, 'token tok_1'],
  [
    'AuthenticationFailed',
    {
      protocol: 'postgres',
      target: 'shop',
      client_ip: '::1',
      code: 'token_expired',
      reason: 'identity/expired',
    },
    'postgres shop from ::1: token_expired identity/expired',
  ],
  [
    'LoginsRefused',
    {
      refused: 70,
      addresses: [{ client_ip: '::1', refused: 70 }],
      reasons: [
        { reason: 'identity/signature', refused: 69 },
        { reason: 'sluice/targets', refused: 1 },
      ],
    },
    '70 more logins: identity/signature×69 sluice/targets×1 from ::1×70',
  ],
  [
    'RequestReceived',
    {
      actions: JSON.stringify([
        { name: 'sql.select', kind: 'select', relations: [{ schema: 'public', name: 'customers' }] },
        { name: 'sql.transaction', kind: 'commit' },
      ]),
    },
    'sql.select select on public.customers; sql.transaction commit',
  ],
  [
    'DecisionMade',
    { effect: 'deny', rule: 'destructive/drop', decision: 'dec_1' },
    'deny by destructive/drop (ref dec_1)',
  ],
  [
    'DenialsCounted',
    {
      requests: 900,
      denied: 800,
      decision: 'dec_3',
      rules: [
        { rule: 'destructive/drop', denied: 799 },
        { rule: 'other', denied: 1 },
      ],
    },
    '900 more requests, 800 denied by destructive/drop×799 other×1 (ref dec_3)',
  ],
  [
    'ResponseCompleted',
    { outcome: 'completed', status: null, rows: 3, masked: [{ column: 'public.customers.ssn', values: 3 }] },
    'completed, 3 rows, masked public.customers.ssn×3',
  ],
  ['ResponseCompleted', { outcome: 'failed', status: '42P01', rows: 0, masked: [] }, 'failed 42P01, 0 rows'],
  ...(
    [
      [{ cost_micros: 21, estimated: false }, 'gpt-4o-mini used 19 + 25 tokens for 0.000021'],
      [{ cost_micros: null, estimated: true }, 'gpt-4o-mini used 19 + 25 tokens, estimated'],
      [{ model: null, cost_micros: null, estimated: false }, 'a model used 19 + 25 tokens'],
    ] as const
  ).map(
    ([told, used]) =>
      [
        'ResponseCompleted',
        {
          outcome: 'completed',
          status: '200',
          rows: 0,
          masked: [],
          usage: { model: 'gpt-4o-mini', input_tokens: 19, output_tokens: 25, ...told },
        },
        `completed 200, 0 rows, ${used}`,
      ] as const,
  ),
  ['ExchangeAbandoned', { reason: 'too late' }, 'too late'],
  ['SessionClosed', { reason: 'the client left' }, 'the client left'],
  ['RecordingChunk', { direction: 'response', bytes: 65536 }, 'response 65536 bytes'],
  [
    'PolicyActivated',
    { revision: '0123456789abcdef', by: 'i#carol', reason: 'too strict' },
    'revision 0123456789ab by i#carol: too strict',
  ],
  ['PolicyFollowed', { revision: '0123456789abcdef' }, 'revision 0123456789ab'],
  ['PolicyRejected', { errors: 'a.rego:3:1: no' }, 'a.rego:3:1: no'],
  ['TargetRegistered', { name: 'shop', protocol: 'postgres', address: 'db:5432' }, 'shop postgres db:5432'],
  [
    'AlarmRaised',
    { alarm: 'on_call/glass', subject: 'i#alice', target: 'shop', decision: 'dec_1' },
    'ALARM on_call/glass: i#alice on shop (ref dec_1)',
  ],
  [
    'ApprovalRequested',
    { subject: { id: 'i#app' }, target: 'shop', rule: 'review/delete', approval: 'apr_1' },
    'i#app asks on shop because of review/delete (ref apr_1)',
  ],
  [
    'ApprovalGranted',
    { voter: { id: 'i#bob' }, reason: 'agreed', approval: 'apr_1' },
    'by i#bob: agreed (ref apr_1)',
  ],
  ['ApprovalRejected', { voter: { id: 'i#bob' }, reason: '', approval: 'apr_1' }, 'by i#bob (ref apr_1)'],
  ['ApprovalCancelled', { by: 'gateway', reason: 'gone', approval: 'apr_1' }, 'by gateway: gone (ref apr_1)'],
  ['ApprovalExpired', { reason: 'time', approval: 'apr_1' }, 'time (ref apr_1)'],
  [
    'ApprovalConsumed',
    { exchange: 'exc_1', decision: 'dec_2', approval: 'apr_1' },
    'by exc_1, decision dec_2 (ref apr_1)',
  ],
  ['PasswordMinted', { password: 'pwd_1', subject: { id: 'i#bob' } }, 'pwd_1 for i#bob'],
  ['TokenRevoked', { token: 'tok_1', by: 'i#carol', reason: 'leaked' }, 'tok_1 by i#carol: leaked'],
  ['SubjectRevoked', { subject: 'i#bob', by: 'i#carol', reason: '' }, 'i#bob by i#carol'],
  ['SessionKilled', { session: 'ses_1', by: 'i#carol', reason: 'enough' }, 'ses_1 by i#carol: enough'],
  [
    'AdminActed',
    { action: 'policy.activate', resource: 'abc', by: { id: 'i#carol' }, outcome: 'done' },
    'policy.activate abc by i#carol: done',
  ],
  [
    'GrantRequested',
    { subject: { id: 'i#alice' }, role: 'reader', target: 'shop', grant: 'grt_1' },
    'i#alice asks for reader on shop (ref grt_1)',
  ],
  [
    'KeyErased',
    { keys: [1, 2], selector: 'subject=i#x', by: 'i#carol', reason: 'asked' },
    '2 keys of subject=i#x by i#carol: asked',
  ],
  [
    'LegalHoldPlaced',
    { hold: 'lgh_1', selector: 'subject=i#x', by: 'i#carol', reason: 'case 7' },
    'subject=i#x by i#carol: case 7 (ref lgh_1)',
  ],
  ['LegalHoldReleased', { hold: 'lgh_1', by: 'i#carol', reason: '' }, 'by i#carol (ref lgh_1)'],
  ['GrantGiven', { by: { id: 'i#bob' }, grant: 'grt_1' }, 'by i#bob (ref grt_1)'],
  ['GrantRejected', { by: { id: 'i#bob' }, grant: 'grt_1' }, 'by i#bob (ref grt_1)'],
  ['GrantRevoked', { by: 'i#bob', grant: 'grt_1' }, 'by i#bob (ref grt_1)'],
  ['SomethingNew', { x: 1 }, '{"x":1}'],
]

for (const [type, data, expected] of lines)
  test(`${type}: ${expected}`, () => {
    assert.equal(shown(type, data), `03:04:05.006  ${type.padEnd(18)}  ses_…5FAV  ${expected}\n`)
  })

test('a stream that is no session is named whole', () => {
  assert.equal(
    shown('SessionClosed', { reason: 'x' }, 'control'),
    '03:04:05.006  SessionClosed       control    x\n',
  )
})

test('hostile names cannot write lines, move the cursor or reverse the text', () => {
  const hostile = 'shop\n03:04:05.007  DecisionMade  allow\u001b[1A\u009b2K\u202etxt\u2028\u200b'
  const line = shown('AuthenticationFailed', {
    protocol: 'postgres',
    target: hostile,
    client_ip: '',
    code: '',
    reason: '',
  })
  assert.equal(line.split('\n').length, 2)
  // Everything that a terminal acts on, except the end of the line itself.
  assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.match(line, /shop\\u\{a\}03/)
})

test('hostile names hide in a type, a stream and a relation as little', () => {
  const actions = JSON.stringify([
    { name: 'sql.select', kind: 'select', relations: [{ schema: 'a\u001b', name: 'b\r' }] },
  ])
  for (const line of [
    shown('RequestReceived', { actions }),
    shown('\u001b[2J', {}),
    shown('X', {}, 'a\u001bb'),
  ])
    assert.doesNotMatch(line.slice(0, -1), /\p{Cc}/u)
})
