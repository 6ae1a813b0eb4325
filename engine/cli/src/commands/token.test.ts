import { test } from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer } from '../scripted.ts'

/** Provider and API at one address: the provider's token names its subject, the API prefixes it. */
function provider() {
  return scriptedServer((path) => ({
    body: JSON.stringify({ access_token: path === '/token' ? 'ey' : 'slu_1' }),
  }))
}

test("the demo's service gets a token by default, others by name", async () => {
  using data = scratchFolder()
  await using server = await provider()
  leaveDemo(data.path, server.url, ['langchain-reporting', 'bob'])
  const env = { SLUICE_DATA: data.path }
  assert.deepEqual(await ran(['token'], env), { code: 0, out: 'slu_1\n', error: '' })
  assert.deepEqual(await ran(['token', '--as', 'bob', '--json'], env), {
    code: 0,
    out: '{"token":"slu_1"}\n',
    error: '',
  })
  const [first, second, third] = server.asked
  assert.equal(first, 'POST /token subject=langchain-reporting')
  assert.match(second ?? '', /^POST \/v1\/token grant_type=urn%3Aietf.*token-exchange&subject_token=ey&/)
  assert.equal(third, 'POST /token subject=bob')
})

test("a provider's token from a file is exchanged at SLUICE_URL", async () => {
  using folder = scratchFolder()
  await using server = await provider()
  const file = join(folder.path, 'token')
  writeFileSync(file, '  eyMine\n')
  const { code, out } = await ran(['token', '--subject-token-file', file], { SLUICE_URL: server.url })
  assert.deepEqual([code, out], [0, 'slu_1\n'])
  assert.equal(server.asked.length, 1)
  assert.match(server.asked[0] ?? '', /subject_token=eyMine&/)
})

test("the exchange's refusal is shown, the token is not", async () => {
  using folder = scratchFolder()
  await using server = await scriptedServer(() => ({
    status: 400,
    body: '{"error":"invalid_request","error_description":"The token is for somebody else."}',
  }))
  const file = join(folder.path, 'token')
  writeFileSync(file, 'eyMine')
  const { code, out, error } = await ran(['token', '--subject-token-file', file], { SLUICE_URL: server.url })
  assert.deepEqual([code, out, error], [1, '', 'sluice: no token: The token is for somebody else.\n'])
})

test('no demo, a demo that has ended, or no gateway: exit code 3', async () => {
  using data = scratchFolder()
  const env = { SLUICE_DATA: data.path }
  assert.equal((await ran(['token'], env)).code, 3)
  leaveDemo(data.path, nobody, ['langchain-reporting'])
  const { code, error } = await ran(['token'], env)
  assert.equal(code, 3)
  assert.match(error, /127\.0\.0\.1:9 does not answer: is it running\?/)
})

test('what answers without JSON is no provider', async () => {
  using data = scratchFolder()
  await using server = await scriptedServer(() => ({ status: 502, body: '<html>' }))
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const { code, error } = await ran(['token'], { SLUICE_DATA: data.path })
  assert.deepEqual([code, error], [3, 'sluice: no token: Bad Gateway\n'])
})

test('both ways at once are a mistake', async () => {
  assert.equal((await ran(['token', '--as', 'bob', '--subject-token-file', 'x'])).code, 2)
})

test('a token may be bound to targets and to networks, and nothing else is asked with that', async () => {
  using data = scratchFolder()
  await using server = await provider()
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const env = { SLUICE_DATA: data.path }
  const bound = ['--target', 'shop', '--target', 'crm', '--from', '10.0.0.0/8']
  assert.equal((await ran(['token', ...bound], env)).out, 'slu_1\n')
  const form = new URLSearchParams((server.asked[1] ?? '').split(' ')[2])
  assert.equal(form.get('scope'), 'target:shop target:crm from:10.0.0.0/8')
  assert.equal((await ran(['token', 'revoked', '--target', 'shop'], env)).code, 2)
  assert.equal((await ran(['token', 'revoke', 'tok_1', '--reason', 'x', '--from', '::1'], env)).code, 2)
})
