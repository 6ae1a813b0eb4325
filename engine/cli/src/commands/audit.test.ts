import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemIds } from '@sluice/core'
import { secretSource } from '@sluice/identity'
import { openEmbedded } from '@sluice/journal'
import { openLog } from '../log.ts'
import { ran, scratchFolder, scriptedServer, type Ended, type ScriptedServer } from '../scripted.ts'

const events = [
  {
    time: 0,
    type: 'DecisionMade',
    stream: 'ses_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    seq: 2,
    data: { effect: 'deny', rule: 'a/b', decision: 'dec_1' },
  },
  {
    time: 1,
    type: 'AuthenticationFailed',
    stream: 'gateway/x',
    seq: 0,
    data: { target: 'a\nb\u001b[2J', protocol: 'p', client_ip: 'i', code: 'c', reason: 'r' },
  },
]
const body = events.map((event) => `${JSON.stringify(event)}\n`).join('')

async function tailed(api: ScriptedServer, ...args: readonly string[]) {
  return ran(['audit', 'tail', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })
}

test('tail shows one line per event, whatever stands in it', async () => {
  await using api = await scriptedServer(() => ({ body }))
  const { code, out } = await tailed(api)
  assert.equal(code, 0)
  assert.deepEqual(out.split('\n'), [
    '00:00:00.000  DecisionMade        ses_…5FAV  deny by a/b (ref dec_1)',
    '00:00:00.001  AuthenticationFailed  gateway/x  p a\\u{a}b\\u{1b}[2J from i: c r',
    '',
  ])
})

test('--json is what the API gave, line by line', async () => {
  await using api = await scriptedServer(() => ({ body }))
  assert.equal((await tailed(api, '--json')).out, body)
})

const queries: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /^GET \/v1\/events\?last=50$/],
  [['--last', '3'], /\?last=3$/],
  [['-f'], /\?last=50&follow=true$/],
  [['--session', 'ses_1'], /\?session=ses_1$/],
  [['--since', '10m', '--follow'], /\?since_ms=\d{13}&follow=true$/],
]

for (const [args, expected] of queries)
  test(`tail ${args.join(' ')} asks for ${expected.source}`, async () => {
    await using api = await scriptedServer(() => ({ body: '' }))
    assert.equal((await tailed(api, ...args)).code, 0)
    assert.match(api.asked[0] ?? '', expected)
  })

test('--since counts from now', async () => {
  await using api = await scriptedServer(() => ({ body: '' }))
  await tailed(api, '--since', '10m')
  const since = Number(/since_ms=(\d+)/.exec(api.asked[0] ?? '')?.[1])
  assert.ok(Math.abs(Date.now() - 600_000 - since) < 10_000)
})

test('a refused query is shown in the words of the API', async () => {
  await using api = await scriptedServer(() => ({
    status: 400,
    body: '{"detail":"querystring/last must be integer"}',
  }))
  const { code, error } = await tailed(api, '--last', 'x')
  assert.deepEqual([code, error], [1, 'sluice: /v1/events answered 400: querystring/last must be integer\n'])
})

/** A closed log with a few events, where a gateway on this data folder has it. */
async function writtenLog(data: string, stream = 'control'): Promise<string> {
  const path = join(data, 'log')
  const ids = systemIds(systemClock)
  const log = await openEmbedded({
    path,
    keys: join(data, 'keys'),
    clock: systemClock,
    ids,
    report: () => {},
  })
  for (const name of ['shop', 'other', 'third']) {
    const event = { id: ids.next('evt'), type: 'TargetRemoved', time: 1, data: { name, by: 'file' } } as const
    await log.append({ stream, events: [event] }, { withinMs: 5_000, urgency: 'now' })
  }
  await log.close()
  return path
}

test('verify finds a whole log whole, by its data folder or by name', async () => {
  using data = scratchFolder()
  const path = await writtenLog(data.path)
  const { code, out } = await ran(['audit', 'verify'], { SLUICE_DATA: data.path })
  assert.deepEqual([code, out], [0, `OK  3 events in 1 streams  ${path}\n`])
  const told = await ran(['audit', 'verify', '--log', path, '--json'])
  assert.deepEqual(JSON.parse(told.out), {
    ok: true,
    events: 3,
    streams: 1,
    unknown: 0,
    removed: 0,
    findings: [],
  })
})

test('verify names what somebody put into a log, and no terminal obeys it', async () => {
  using data = scratchFolder()
  const path = await writtenLog(data.path, 'ses_\u001b[2J\u001b[HOK')
  const segment = join(path, readdirSync(path).find((name) => name.endsWith('.segment')) ?? '')
  writeSync(openSync(segment, 'r+'), 'O', readFileSync(segment).indexOf('other'))
  const { code, out } = await ran(['audit', 'verify'], { SLUICE_DATA: data.path })
  assert.equal(code, 1)
  assert.match(out, /ses_\\u\{1b\}\[2J/)
  assert.ok(!out.includes('\u001b'))
})

test('verify names a changed byte, and the code is 1', async () => {
  using data = scratchFolder()
  const path = await writtenLog(data.path)
  const segment = join(path, readdirSync(path).find((name) => name.endsWith('.segment')) ?? '')
  const at = readFileSync(segment).indexOf('other')
  assert.ok(at > 0)
  writeSync(openSync(segment, 'r+'), 'O', at)
  const { code, out } = await ran(['audit', 'verify'], { SLUICE_DATA: data.path })
  assert.equal(code, 1)
  assert.match(out, /^FINDING {2}\S+\.segment at byte \d+: \S/)
  assert.match(out, /^NOT OK {2}/m)
  const told = await ran(['audit', 'verify', '--json'], { SLUICE_DATA: data.path })
  assert.equal(told.code, 1)
  assert.equal((JSON.parse(told.out) as { ok: boolean }).ok, false)
})

test('no log to verify is not a whole log', async () => {
  const { code, out } = await ran(['audit', 'verify', '--log', '/nowhere/log'])
  assert.equal(code, 1)
  assert.match(out, /there is no log in this folder\nNOT OK/)
})

suite('audit report', () => {
  const at = Date.parse('2026-11-20T10:00:00Z')
  const line = (type: string, data: object): string =>
    `${JSON.stringify({ id: 'evt_1', stream: 'ses_1', writer: 'gw', time: at, type, data, prev_hash: '', hash: '', sig: null })}\n`
  const log = [
    line('SessionOpened', { session: 'ses_1', subject: { id: 'i#alice' }, target: 'shop' }),
    line('RequestReceived', { session: 'ses_1', exchange: 'exc_1', actions: '[{"name":"sql.select"}]' }),
    line('DecisionMade', {
      session: 'ses_1',
      exchange: 'exc_1',
      decision: 'dec_1',
      effect: 'allow',
      rule: 'r',
    }),
  ].join('')

  async function reported(
    ...args: readonly string[]
  ): Promise<Ended & { readonly asked: readonly string[] }> {
    await using api = await scriptedServer(() => ({ body: log }))
    const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
    return { ...(await ran(['audit', 'report', ...args], env)), asked: api.asked }
  }

  test('reads the whole log as an auditor', async () => {
    const { code, out, asked } = await reported('--since', '2026-11-19', '--until', '2026-11-26')
    assert.equal(code, 0)
    assert.match(out, /1 sessions of 1 subjects, .*1 requests: 1 allowed/)
    assert.match(out, /2026-11-20 10:00 +i#alice +shop +sql\.select +1 +dec_1/)
    assert.match(asked[0] ?? '', /^GET \/v1\/events\?whole=true&types=/)
  })

  test('as JSON, of the period alone', async () => {
    const { out } = await reported('--since', '2026-11-21', '--until', '2026-11-26', '--json')
    const report = JSON.parse(out) as { readonly totals: { readonly requests: number } }
    assert.equal(report.totals.requests, 0)
    assert.equal((await reported('--since', 'yesterday')).code, 2)
  })
})

suite('what was kept elsewhere', () => {
  /** Two lives of a log, the first one copied away; and what a file elsewhere kept of both. */
  async function written(data: string): Promise<{ readonly log: string; readonly older: string }> {
    const [log, older, kept] = [join(data, 'log'), join(data, 'older'), join(data, 'kept.jsonl')]
    const config = { kind: 'embedded', path: log, checkpoints: [{ kind: 'file', path: kept }] } as const
    const ids = systemIds(systemClock)
    for (const copy of [older, null]) {
      const opened = await openLog(config, {
        data,
        base: data,
        secrets: secretSource({ base: data, env: {}, clock: systemClock }),
        retention: { contentMs: null, auditMs: null, bodiesMs: null },
        clock: systemClock,
        ids,
        report: (what) => assert.fail(what),
        lost: () => {},
      })
      const of = { name: 'shop', by: 'file' }
      const event = { id: ids.next('evt'), type: 'TargetRemoved', time: 1, data: of } as const
      await opened.log.append({ stream: 'control', events: [event] }, { withinMs: 5_000, urgency: 'now' })
      await opened.log.close()
      if (copy !== null) cpSync(log, copy, { recursive: true })
    }
    return { log, older }
  }

  test('is compared with the log: an older copy of it is found, and a line that nobody signed', async () => {
    using data = scratchFolder()
    const { log, older } = await written(data.path)
    const kept = join(data.path, 'kept.jsonl')
    const verify = (folder: string, ...more: readonly string[]): ReturnType<typeof ran> =>
      ran(['audit', 'verify', '--log', folder, ...more])
    const whole = await verify(log, '--checkpoints', kept)
    assert.equal(whole.code, 0, whole.out)
    assert.equal((await verify(older)).code, 0, 'by itself it is whole')
    const cut = await verify(older, '--checkpoints', kept)
    assert.equal(cut.code, 1)
    assert.match(cut.out, /^FINDING .*the end of the log was cut off or changed: .*says .*kept\.jsonl/)
    appendFileSync(kept, '{"checkpoint":{},"signature":""}\n{"half')
    const forged = await verify(log, '--checkpoints', kept, '--json')
    assert.equal(forged.code, 1)
    const { findings } = JSON.parse(forged.out) as { findings: readonly { what: string }[] }
    assert.equal(findings.length, 1)
    assert.match(findings[0]?.what ?? '', /^line \d+ is no checkpoint that this log’s gateways signed/)
  })

  test('is of a whole log, and is there: else the command is wrong', async () => {
    using data = scratchFolder()
    const { log } = await written(data.path)
    const kept = join(data.path, 'kept.jsonl')
    const since = await ran(['audit', 'verify', '--log', log, '--since', '7d', '--checkpoints', kept])
    assert.equal(since.code, 2)
    assert.match(since.error, /leave out --since/)
    const missing = await ran(['audit', 'verify', '--log', log, '--checkpoints', '/nowhere/kept.jsonl'])
    assert.equal(missing.code, 2)
    assert.match(missing.error, /--checkpoints names \/nowhere\/kept\.jsonl, which is no file/)
  })
})
