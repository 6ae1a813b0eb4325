import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ran, scriptedServer } from '../../scripted.ts'

const revisions = [
  { revision: 'b'.repeat(32), time: 86_400_000, by: 'i#carol', reason: 'too strict', active: true },
  { revision: 'a'.repeat(32), time: 0, by: 'file', reason: 'the policy folder', active: false },
]

const history = [
  {
    kind: 'rejected',
    revision: 'b'.repeat(32),
    gateway: 'gw-b',
    by: 'gateway',
    reason: '',
    errors: 'a.rego:1:1: no\n  want: "x"',
    at_ms: 86_401_000,
  },
  {
    kind: 'activated',
    revision: 'b'.repeat(32),
    gateway: 'gw-a',
    by: 'i#carol',
    reason: 'too strict',
    errors: '',
    at_ms: 86_400_000,
  },
]

async function listed(view: object, ...args: readonly string[]): Promise<string> {
  const body = JSON.stringify({
    active: 'b'.repeat(32),
    files: 'active',
    rejected: null,
    revisions,
    history,
    gateways: [],
    ...view,
  })
  await using api = await scriptedServer(() => ({ body }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  const { code, out } = await ran(['policy', 'ls', ...args], env)
  assert.equal(code, 0)
  assert.deepEqual(api.asked, [`GET /v1/policies${args.includes('--history') ? '?last=1000' : ''}`])
  return out
}

test('each revision is a line, the one in force marked', async () => {
  assert.equal(
    await listed({}),
    `   revision      in force since       by       reason
*  bbbbbbbbbbbb  1970-01-02 00:00:00  i#carol  too strict
   aaaaaaaaaaaa  1970-01-01 00:00:00  file     the policy folder
`,
  )
})

test('the history is a line for each time that one came into force or could not be used', async () => {
  assert.equal(
    await listed({}, '--history'),
    `at                   what       revision      gateway  by       reason
1970-01-02 00:00:01  not used   bbbbbbbbbbbb  gw-b     gateway  a.rego:1:1: no; want: "x"
1970-01-02 00:00:00  activated  bbbbbbbbbbbb  gw-a     i#carol  too strict
`,
  )
  const lines = (await listed({}, '--history', '--json')).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    history,
  )
})

test('what other gateways of the log judge by is told, and why it is something else', async () => {
  const since_ms = 86_400_000
  const gateways = [
    { gateway: 'gw-a', revision: 'b'.repeat(32), since_ms, errors: null },
    { gateway: 'gw-b', revision: 'a'.repeat(32), since_ms: 0, errors: 'no' },
  ]
  assert.ok(
    (await listed({ gateways })).endsWith(`
gateway  revision      since
gw-a     bbbbbbbbbbbb  1970-01-02 00:00:00
gw-b     aaaaaaaaaaaa  1970-01-01 00:00:00  cannot use what was activated last: no
`),
  )
})

test('as JSON, one object per line', async () => {
  const lines = (await listed({}, '--json')).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    revisions,
  )
})

test('files that are not in force are told, and what the log says never commands the terminal', async () => {
  assert.match(
    await listed({ files: 'differ' }),
    /\nThe policy files differ from what was activated over them\.\n$/,
  )
  const rejected = { time: 1, errors: 'a.rego:3:1: no\n    \u001b[2J' }
  assert.match(
    await listed({ files: 'rejected', rejected }),
    /\nThe policy files cannot be used:\n {2}a\.rego:3:1: no\n {6}\\u\{1b\}\[2J\n$/,
  )
})
