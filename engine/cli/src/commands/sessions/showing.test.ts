import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { RecordingStep } from '@sluice/api'
import type { AnswerPart } from '@sluice/core'
import xterm from '@xterm/headless'
import { scriptedServer } from '../../scripted.ts'
import { sluice } from '../../sluice.ts'

const id = 'ses_01M8A3CF2M00000MB6X3TDGJ82'
const began = Date.parse('2026-01-02T03:04:05.000Z')
const after = (ms: number): { readonly at: string } => ({ at: new Date(began + ms).toISOString() })

const opened: RecordingStep = {
  ...after(0),
  step: 'opened',
  session: id,
  gateway: 'gw',
  subject: 'demo#alice',
  on_behalf_of: null,
  target: 'shop-host',
  protocol: 'ssh',
  client_ip: '127.0.0.1',
  application: null,
}
const allowed = (exchange: string, ms: number): RecordingStep => ({
  ...after(ms),
  step: 'decision',
  exchange,
  decision: 'dec_1',
  effect: 'allow',
  rule: 'ssh/people',
  revision: 'r',
  reasons: [],
  masks: [],
  approvals: [],
})
const head: AnswerPart = {
  kind: 'terminal',
  line: '{"version":2,"width":20,"height":4}',
  seconds: 0,
  code: 'head',
  text: '',
}
const printed = (seconds: number, text: string): AnswerPart => ({
  kind: 'terminal',
  line: JSON.stringify([seconds, 'o', text]),
  seconds,
  code: 'o',
  text,
})
const showed = (exchange: string, ms: number, ...parts: readonly AnswerPart[]): RecordingStep => ({
  ...after(ms),
  step: 'answer',
  exchange,
  content: 'shown',
  parts,
})
const completed = (exchange: string, ms: number): RecordingStep => ({
  ...after(ms),
  step: 'completed',
  exchange,
  outcome: 'completed',
  status: '0',
  rows: 0,
  bytes: 3,
  masked: [],
})
const closed: RecordingStep = {
  ...after(9_000),
  step: 'closed',
  reason: 'gone',
  requests: 1,
  denied: 0,
  rows: 0,
  bytes: 3,
}

/** What a person at a terminal of 40 × 6 gets of it, and how long it took. */
async function seen(steps: readonly RecordingStep[], ...args: readonly string[]) {
  await using server = await scriptedServer(() => ({
    body: steps.map((step) => `${JSON.stringify(step)}\n`).join(''),
  }))
  let whole = ''
  const started = performance.now()
  const code = await sluice(['sessions', 'replay', id, ...args], {
    env: { XDG_CONFIG_HOME: '/nonexistent', SLUICE_URL: server.url, SLUICE_TOKEN: 'slu_x' },
    signal: new AbortController().signal,
    out: (text) => (whole += text),
    error: (text) => assert.fail(text),
    window: () => ({ columns: 40, rows: 6 }),
  })
  assert.equal(code, 0)
  return { whole, ms: performance.now() - started }
}

/** As a terminal shows what it was told. */
async function onScreen(text: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: 40, rows: 6, allowProposedApi: true, convertEol: true })
  await new Promise<void>((done) => terminal.write(text, done))
  const { active } = terminal.buffer
  return Array.from({ length: 6 }, (_, row) => active.getLine(row)?.translateToString(true)).join('\n')
}

const shell = [
  opened,
  allowed('exc_1', 10),
  showed('exc_1', 20, head, printed(0.01, '$ ls\r\n')),
  showed('exc_1', 330, printed(0.3, 'a\u001b]52;c;eA==\u0007b\r\n')),
  completed('exc_1', 400),
  closed,
]

suite('a terminal, played', () => {
  test('takes its time, then is a text, and gives the terminal back', async () => {
    const { whole, ms } = await seen(shell)
    assert.ok(ms >= 290, `${ms} ms`)
    const [before = '', rest = ''] = whole.split('\u001b[?1049h')
    assert.match(before, /demo#alice.*connects to shop-host.*\n.*allow by ssh\/people/)
    const [played = '', then = ''] = rest.split('\u001b[?1049l')
    assert.match(
      await onScreen(`\u001b[?1049h${played.slice(0, played.lastIndexOf('\u001b[0m\u001b[?7h'))}`),
      /^\$ ls\nab\n/,
    )
    assert.match(then, /showed last:\n {4}│ \$ ls\n {4}│ ab\n.*completed 0.*\n.*closed: gone/)
    assert.ok(!whole.includes('\u001b]'))
  })

  test('a size that is none changes nothing', async () => {
    const sized: AnswerPart = {
      kind: 'terminal',
      line: '[0.01,"r","0x0"]',
      seconds: 0.01,
      code: 'r',
      text: '0x0',
    }
    const { whole } = await seen(
      [opened, allowed('exc_1', 0), showed('exc_1', 10, head, sized, printed(0.02, 'rm -rf /'))],
      '--speed',
      '100',
    )
    assert.match(whole, /│ rm -rf \/\n/)
  })

  test('faster, without its waits, or from later on', async () => {
    const long = [
      opened,
      allowed('exc_1', 0),
      showed('exc_1', 0, head, printed(0, 'one'), printed(60, ' two'), printed(60.2, ' three')),
      completed('exc_1', 61_000),
    ]
    for (const args of [
      ['--speed', '600'],
      ['--max-idle', '0s'],
      ['--from', '60s'],
    ]) {
      const { whole, ms } = await seen(long, ...args)
      // Of a minute.
      assert.ok(ms < 20_000, `${args.join(' ')}: ${ms} ms`)
      assert.match(whole, /│ one two three/)
    }
    const { whole } = await seen(long, '--from', '2m')
    assert.doesNotMatch(whole, /1049|one|connects/)
  })

  test('one at a time: what is beside it comes behind it', async () => {
    const { whole } = await seen(
      [
        opened,
        allowed('exc_1', 0),
        showed('exc_1', 10, head, printed(0, 'first')),
        allowed('exc_2', 20),
        showed('exc_2', 30, head, printed(0, 'second')),
        { ...after(35), step: 'killed', by: 'demo#carol\u001b[2J', reason: 'enough' },
        showed('exc_1', 40, printed(0.01, ' more')),
        completed('exc_1', 50),
        closed,
      ],
      '--speed',
      '100',
    )
    assert.match(
      whole,
      /│ first more\n[^]*completed[^]*│ second\n[^]*ended by demo#carol\\u\{1b\}\[2J: enough\n[^]*closed/,
    )
    assert.equal(whole.split('\u001b[?1049h').length, 3)
  })

  test('a recording that ends within a terminal gives it back', async () => {
    const { whole } = await seen(shell.slice(0, 4), '--speed', '100')
    assert.match(whole, /\[\?1049l {4}what the terminal showed last:\n[^]*ab\n$/)
  })

  test('--text tells it in words, in which nothing is left out and nothing acts', async () => {
    const { whole } = await seen(shell, '--text')
    assert.match(whole, /a⟨U\+001B⟩\]52;c;eA==⟨U\+0007⟩b/)
    assert.ok(!whole.includes('\u001b'))
  })
})
