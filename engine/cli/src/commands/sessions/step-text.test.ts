import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { RecordingStep } from '@sluice/api'
import type { AnswerPart, RequestPart } from '@sluice/core'
import { stepText } from './step-text.ts'

const at = '2026-01-02T03:04:05.678Z'
const exchange = 'exc_1'

function request(statement: RequestPart, change: Partial<RecordingStep & { step: 'request' }> = {}): string {
  const actions = [{ name: 'sql.select', kind: 'select', relations: ['public.orders'] }]
  return stepText({
    at,
    step: 'request',
    exchange,
    run: null,
    actions,
    bytes: 1,
    content: 'shown',
    statements: [statement],
    ...change,
  })
}

function answer(...parts: readonly AnswerPart[]): string {
  return stepText({ at, step: 'answer', exchange, content: 'shown', parts })
}

test('what was heard: nothing in it reaches the terminal as it is', () => {
  const parts = [{ kind: 'notification', channel: 'news', text: 'told \u001b[2J' }] as const
  assert.equal(
    stepText({ at, step: 'heard', content: 'shown', parts }),
    '03:04:05.678  hears, without having asked\n    NOTIFICATION on news: told \\u{1b}[2J\n',
  )
})

test('a statement: what hides is seen, and each value has its number', () => {
  const text = 'select 1\n  -- \u202eevil\u001b[2J'
  assert.equal(
    request({ text, parameters: ['аdmin', null, 7, { type: 'bytes', bytes: 1, hex: 'ff' }] }, { run: 'r1' }),
    [
      '03:04:05.678  asks sql.select select on public.orders in run r1',
      '    select 1',
      '      -- ⟨U+202E⟩evil⟨U+001B⟩[2J',
      '    $1 = ⟨U+0430⟩dmin',
      '    $2 = ⟨null⟩',
      '    $3 = 7',
      '    $4 = ⟨\\xff⟩',
      '',
    ].join('\n'),
  )
})

test('a statement that is not in the recording', () => {
  assert.match(request({ text: null, name: 's1', parameters: [] }), /\n {4}⟨"s1", prepared elsewhere⟩\n$/)
  assert.match(request({ text: null, parameters: [] }), /\n {4}⟨what is not in the recording⟩\n$/)
})

for (const [content, said] of [
  ['erased', /erased: nobody can read it any more/],
  ['missing', /missing: the log has not all of it/],
  ['unreadable', /unreadable: it is not what was sealed/],
  ['opaque', /not shown: nobody reads/],
] as const)
  test(`${content} content`, () => {
    assert.match(request({ text: 'x', parameters: [] }, { content }), said)
    assert.match(stepText({ at, step: 'answer', exchange, content, parts: [] }), said)
  })

test('rows are a table, in which no value passes for something else', () => {
  const rows = [
    ['1', null],
    ['⟨null⟩', 'a\u202eb\nc'],
  ]
  assert.equal(
    answer({ kind: 'rows', columns: ['id', 'na\u001bme'], rows }),
    [
      '03:04:05.678  sees',
      '    id                    na\\u{1b}me',
      '    1                     ⟨null⟩',
      '    ⟨U+27E8⟩null⟨U+27E9⟩  a\\u{202e}b\\u{a}c',
      '',
    ].join('\n'),
  )
})

test('rows with a long value have a line for each column', () => {
  const long = 'x'.repeat(61)
  assert.equal(
    answer({ kind: 'rows', columns: null, rows: [['1', long]] }),
    `03:04:05.678  sees\n    row 1\n    column 1  1\n    column 2  ${long}\n`,
  )
})

test('everything else that an answer holds', () => {
  const told = answer(
    { kind: 'status', text: 'SELECT 1' },
    { kind: 'error', code: '42P01', message: 'no\u001b', more: ['look again'] },
    { kind: 'data', text: '1\t2\n', hex: false },
    { kind: 'data', text: 'ff', hex: true },
    { kind: 'data', text: 'oops\u001b[2J\n', hex: false, stream: 'stderr' },
    { kind: 'terminal', line: '[1, "o", ""]', seconds: 1, code: 'o', text: '$ \u001b]52;c;eA==\u0007' },
    { kind: 'too_large', bytes: 9 },
    { kind: 'cut', bytes: 7 },
    { kind: 'undecodable', bytes: 7 },
  )
  assert.deepEqual(told.trimEnd().split('\n').slice(1), [
    '    SELECT 1',
    '    ERROR 42P01: no\\u{1b}',
    '    look again',
    '    1\t2',
    '    \\xff',
    '    stderr: oops⟨U+001B⟩[2J',
    '    $ ⟨U+001B⟩]52;c;eA==⟨U+0007⟩',
    '    ⟨a message of 9 bytes, too large to be shown⟩',
    '    ⟨the recording ends here, within a message of which it has 7 bytes⟩',
    '    ⟨what follows cannot be read⟩',
  ])
})

const lines: readonly (readonly [RecordingStep, text: RegExp])[] = [
  [
    {
      at,
      step: 'opened',
      session: 'ses_1',
      gateway: 'gw',
      subject: 'demo#svc',
      on_behalf_of: 'demo#alice',
      target: 'shop',
      protocol: 'postgres',
      client_ip: '10.0.0.1',
      application: 'psql\u001b',
    },
    /demo#svc on behalf of demo#alice connects to shop \(postgres\) at gw from 10\.0\.0\.1 \(psql\\u\{1b\}\)/,
  ],
  [
    {
      at,
      step: 'decision',
      exchange,
      decision: 'dec_1',
      effect: 'allow',
      rule: 'a/b',
      revision: 'r',
      reasons: [{ rule: 'a/b', message: 'Fine.' }],
      masks: [{ place: 'public.c.ssn', method: 'last4', rule: 'a/ssn' }],
      approvals: [{ id: 'apr_1', approved_by: ['demo#bob'] }],
    },
    /allow by a\/b \(ref dec_1\): Fine\.; masks public\.c\.ssn last4 by a\/ssn; approved by apr_1 of demo#bob$/m,
  ],
  [
    {
      at,
      step: 'denials',
      decision: 'dec_3',
      requests: 900,
      denied: 800,
      from: at,
      until: at,
      rules: [{ rule: 'a/no', denied: 800 }],
    },
    /900 more requests from \S+ on, 800 denied by a\/no×800 \(ref dec_3\)$/m,
  ],
  [
    {
      at,
      step: 'approval',
      approval: 'apr_1',
      exchange,
      what: 'granted',
      by: 'demo#bob',
      reason: 'fine',
      state: 'expired',
      counted: false,
    },
    /approval apr_1 granted by demo#bob: fine; it came too late or does not count, the approval stays expired/,
  ],
  [
    {
      at,
      step: 'completed',
      exchange,
      outcome: 'failed',
      status: '42P01',
      rows: 2,
      bytes: 3,
      masked: [{ column: 'public.c.ssn', method: 'last4', values: 2 }],
    },
    /failed 42P01: 2 rows, 3 bytes, masked public\.c\.ssn last4×2/,
  ],
  [{ at, step: 'abandoned', exchange, reason: 'gone' }, /not performed: gone/],
  [{ at, step: 'killed', by: 'demo#grace', reason: 'runs wild' }, /ended by demo#grace: runs wild/],
  [{ at, step: 'lost' }, /its gateway was lost/],
  [{ at, step: 'alarm', exchange, rules: 'x/y' }, /ALARM x\/y/],
  [{ at, step: 'unknown', type: 'Later' }, /not known here: Later/],
  [
    { at, step: 'forged', type: 'RequestReceived', why: 'another gateway wrote it' },
    /FORGED: RequestReceived/,
  ],
  [{ at, step: 'left', reason: 'the token has expired' }, /told no more: the token has expired/],
  [
    { at, step: 'closed', reason: 'gone', requests: 1, denied: 0, rows: 2, bytes: 3 },
    /closed: gone; 1 requests, 0 denied, 2 rows, 3 bytes/,
  ],
]

for (const [step, text] of lines)
  test(`${step.step} is one line`, () => {
    const told = stepText(step)
    assert.match(told, text)
    assert.equal(told.indexOf('\n'), told.length - 1)
  })
