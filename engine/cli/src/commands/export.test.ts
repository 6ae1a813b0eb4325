import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nobody, ran, scratchFolder, scriptedServer, type ScriptedServer } from '../scripted.ts'

const day = 86_400_000
const subject = { id: 'demo#alice', type: 'human', issuer: 'demo', groups: [], on_behalf_of: null }

function line(number: number, type: string, stream: string, data: object): string {
  const envelope = { seq: number, writer: 'gw_a', epoch: 1, trace_id: null, run_id: null, schema: 1 }
  const hashes = { prev_hash: '', hash: '', sig: stream === 'control' ? '00' : null }
  const event = {
    id: `evt_${number}`,
    type,
    time: number * day,
    stream,
    ...envelope,
    data,
    position: String(number),
    ...hashes,
  }
  return `${JSON.stringify({ ...event, sealed_bytes: 0 })}\n`
}

const opened = {
  session: 'ses_1',
  gateway: 'gw_a',
  target: 'shop',
  protocol: 'postgres',
  subject,
  claims: '{}',
  labels: '{}',
  token_id: 't',
  token_expires_ms: 0,
  client_ip: '10.0.0.1',
  application: null,
}
const log = [
  line(0, 'SessionOpened', 'ses_1', opened),
  ...[1, 2, 3].map((number) =>
    line(number, 'SessionKilled', 'control', { session: `ses_${number}`, by: 'x', reason: '' }),
  ),
  line(4, 'SessionClosed', 'ses_1', {
    session: 'ses_1',
    reason: 'done',
    requests: 0,
    denied: 0,
    rows: 0,
    bytes: 0,
  }),
].join('')

function exported(api: ScriptedServer, ...args: readonly string[]) {
  return ran(['export', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x', HOOK: 's3cret' })
}

function idsIn(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((each) => (JSON.parse(each) as { readonly event_id: string }).event_id)
}

suite('sluice export', () => {
  test('writes one document each line, joined with what came before', async () => {
    await using api = await scriptedServer(() => ({ body: log }))
    const { code, out, error } = await exported(api, '--format', 'json')
    assert.deepEqual([code, error], [0, ''])
    assert.deepEqual(idsIn(out), ['evt_0', 'evt_1', 'evt_2', 'evt_3', 'evt_4'])
    assert.match(out.trimEnd().split('\n').at(-1) ?? '', /"target":"shop"/)
    assert.deepEqual(api.asked, ['GET /v1/events?whole=true'])
  })

  test('from a date to another, with what it must know of the time before', async () => {
    await using api = await scriptedServer(() => ({ body: log }))
    const { out } = await exported(api, '--format', 'json', '--since', '1970-01-03', '--until', '1970-01-04')
    assert.deepEqual(idsIn(out), ['evt_2', 'evt_3'])
  })

  test('into a file, as every format', async () => {
    using folder = scratchFolder()
    await using api = await scriptedServer(() => ({ body: log }))
    for (const format of ['ocsf', 'ecs', 'cef', 'json']) {
      const file = join(folder.path, format)
      const { code, error } = await exported(api, '--format', format, '--sink', `file:${file}`)
      assert.equal(code, 0, error)
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      assert.equal(error, `${lines.length} documents exported\n`)
      assert.ok(lines.length >= 2, format)
    }
  })

  test('to a receiver, whose refusals are kept and told', async () => {
    using folder = scratchFolder()
    await using api = await scriptedServer(() => ({ body: log }))
    const got: string[] = []
    await using receiver: ScriptedServer = await scriptedServer((_, request) => {
      got.push(String(request.headers['sluice-signature']))
      return { status: receiver.asked.at(-1)?.includes('"evt_2"') === true ? 400 : 200, body: '' }
    })
    const letters = join(folder.path, 'letters')
    const { code, error } = await exported(
      api,
      '--format',
      'json',
      '--sink',
      `${receiver.url}/in`,
      '--secret',
      'env:HOOK',
      '--dead-letters',
      letters,
    )
    assert.equal(code, 1)
    assert.match(error, /4 documents exported\n1 were refused: they are in /)
    assert.match(readFileSync(letters, 'utf8'), /"id":"evt_\d".*"reason":"it answered 400"/)
    assert.ok(got.every((signature) => /^t=\d+,v1=[0-9a-f]{64}$/.test(signature)))
  })
})

suite('what goes wrong is said', () => {
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /name the format: --format ocsf\|ecs\|cef\|json/],
    [['--format', 'xml'], /name the format/],
    [['--format', 'json', '--sink', 'ftp://x'], /"ftp:\/\/x" is no sink/],
    [['--format', 'json', '--since', 'yesterday'], /"yesterday" is no time/],
    [['--format', 'json', '--token', 'hunter2'], /--token names where it is/],
    [['--format', 'json', 'more'], /unknown "export more"/],
  ]
  for (const [args, expected] of mistakes)
    test(args.join(' '), async () => {
      const { code, error } = await ran(['export', ...args], { SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' })
      assert.equal(code, 2)
      assert.match(error, expected)
    })

  test('no gateway', async () => {
    const { code, error } = await ran(['export', '--format', 'json'], {
      SLUICE_URL: nobody,
      SLUICE_TOKEN: 'slu_x',
    })
    assert.equal(code, 3)
    assert.match(error, /no gateway answers/)
  })

  test('somebody who may not see all of it', async () => {
    await using api = await scriptedServer(() => ({
      status: 403,
      body: '{"detail":"This needs the role auditor."}',
    }))
    const { code, error } = await exported(api, '--format', 'json', '--follow')
    assert.deepEqual([code, error], [1, 'sluice: /v1/events answered 403: This needs the role auditor.\n'])
  })

  test('an answer that breaks off', async () => {
    await using api = await scriptedServer(() => ({ body: log.slice(0, -20) }))
    const { code, out, error } = await exported(api, '--format', 'json')
    assert.equal(code, 1)
    assert.match(error, /breaks off/)
    assert.equal(idsIn(out).length, 4, 'what was whole is exported')
  })
})

test('--follow comes back where it was, until it is interrupted', async () => {
  const stop = new AbortController()
  const lines = log.split('\n').map((each) => `${each}\n`)
  const asked: string[] = []
  await using api = await scriptedServer((path) => {
    asked.push(path)
    if (asked.length === 1) return { body: lines.slice(0, 2).join('') }
    if (asked.length === 2) return { body: lines.slice(2, 5).join('') }
    setTimeout(() => stop.abort(), 50)
    return { body: '' }
  })
  const { code, out } = await ran(
    ['export', '--format', 'json', '-f'],
    { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' },
    stop.signal,
  )
  assert.equal(code, 0)
  assert.deepEqual(idsIn(out), ['evt_0', 'evt_1', 'evt_2', 'evt_3', 'evt_4'])
  assert.deepEqual(asked.slice(0, 3), [
    '/v1/events?whole=true&follow=true',
    '/v1/events?whole=true&after=1&follow=true',
    '/v1/events?whole=true&after=4&follow=true',
  ])
})
