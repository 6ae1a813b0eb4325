import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ran, scratchFolder, scriptedServer, type Ended } from '../../scripted.ts'

const scratch = scratchFolder()
after(() => scratch[Symbol.dispose]())

const readers =
  'package sluice.rules.a\n\nallow contains {"rule": "a/read"} if input.action.kind == "select"\n'
const nobody = 'package sluice.rules.a\n\nallow contains {"rule": "a/read"} if false\n'

function folderOf(name: string, source: string): string {
  const folder = join(scratch.path, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'a.rego'), source)
  return folder
}

const hex = '00'.repeat(32)
const envelope = { id: 'evt_1', stream: 'ses_1', seq: 0, writer: 'gw', epoch: 1, time: 1_795_694_274_404 }
const rest = {
  trace_id: null,
  run_id: null,
  schema: 1,
  sealed_bytes: 0,
  prev_hash: hex,
  hash: hex,
  sig: null,
}

function line(type: string, data: object): string {
  return `${JSON.stringify({ ...envelope, ...rest, type, data, position: '1' })}\n`
}

const subject = { id: 'i#alice\u202e', type: 'human', issuer: 'i', groups: [], on_behalf_of: null }
const limits = { rows: null, bytes: null, timeout_ms: null }
const reasons = [{ rule: 'a/read', message: '', remedy: '' }]
const verdict = { effect: 'allow', reasons, mask: [], limits, approval: null, labels: {} }
const log = [
  line('SessionOpened', {
    session: 'ses_1',
    gateway: 'gw',
    target: 'shop',
    protocol: 'postgres',
    subject,
    claims: '{}',
    labels: '{}',
    token_id: 't',
    token_expires_ms: 9,
    client_ip: '::1',
    application: null,
  }),
  line('RequestReceived', {
    session: 'ses_1',
    exchange: 'exc_1',
    actions: '[{"name":"sql.select","kind":"select","read_only":true,"template_hash":"abc"}]',
    digest: 'd',
    bytes: 1,
  }),
  line('DecisionMade', {
    session: 'ses_1',
    exchange: 'exc_1',
    decision: 'dec_1',
    effect: 'allow',
    verdicts: JSON.stringify([verdict]),
    rule: 'a/read',
    revision: 'r',
    now_ms: 1,
    facts: '{}',
    approvals: '[]',
    grants: '[]',
  }),
  line('DenialsCounted', {
    session: 'ses_1',
    subject: 'i#alice',
    target: 'shop',
    decision: 'dec_2',
    requests: 9,
    denied: 7,
    from_ms: 1,
    until_ms: 1,
    rules: [{ rule: 'a/no', denied: 7 }],
  }),
].join('')

async function whatIf(...args: readonly string[]): Promise<Ended & { readonly asked: readonly string[] }> {
  await using server = await scriptedServer(() => ({ body: log }))
  const env = { SLUICE_URL: server.url, SLUICE_TOKEN: 't', SLUICE_DATA: scratch.path }
  return { ...(await ran(['policy', 'what-if', ...args], env)), asked: server.asked }
}

suite('policy what-if', () => {
  test('the same policies change nothing', async () => {
    const { code, out, asked } = await whatIf('--policy', folderOf('readers', readers))
    assert.equal(code, 0)
    assert.match(out, /1 decisions judged again; 0 would change/)
    assert.match(out, /^7 more were denied and only counted/m)
    assert.match(asked[0] ?? '', /whole=true&types=SessionOpened%2C/)
  })

  test('a change is shown and is the exit code', async () => {
    const { code, out } = await whatIf('--policy', folderOf('nobody', nobody))
    assert.equal(code, 1)
    assert.match(out, /1 would change/)
    assert.match(
      out,
      /1 +allow → deny +a\/read → sluice\/no_allow +i#alice\\u\{202e\} +shop +sql.select +abc +dec_1/,
    )
  })

  test('a program reads JSON', async () => {
    const { code, out } = await whatIf('--policy', folderOf('nobody', nobody), '--json')
    const report = JSON.parse(out) as { readonly changed: number; readonly groups: readonly object[] }
    assert.deepEqual([code, report.changed, report.groups.length], [1, 1, 1])
  })

  test('a time chooses', async () => {
    const { out } = await whatIf('--policy', folderOf('nobody', nobody), '--until', '2026-01-01')
    assert.match(out, /0 decisions judged again/)
  })

  test('policies that cannot be used are a finding, and none are a mistake', async () => {
    const { code, out } = await whatIf(
      '--policy',
      folderOf('broken', 'package sluice.rules.a\n\nallow := \n'),
    )
    assert.equal(code, 1)
    assert.match(out, /a\.rego/)
    assert.equal((await whatIf()).code, 2)
    assert.equal((await whatIf('--policy', 'x', '--filter', 'y')).code, 2)
  })
})
