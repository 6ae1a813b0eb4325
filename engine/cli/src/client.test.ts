import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer } from './scripted.ts'

test('no gateway: exit code 3, and what to do', async () => {
  const { code, error } = await ran(['targets', 'ls'], { SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' })
  assert.equal(code, 3)
  assert.match(error, /no gateway answers at http:\/\/127\.0\.0\.1:9: is it running\?/)
})

test('no token and no demo: exit code 3, and what to do', async () => {
  using data = scratchFolder()
  const { code, error } = await ran(['targets', 'ls'], { SLUICE_DATA: data.path })
  assert.equal(code, 3)
  assert.match(error, /set SLUICE_TOKEN .* npm start/)
})

test('the token of the environment is sent to the address of the environment', async () => {
  let authorization: string | undefined
  await using api = await scriptedServer((_path, request) => {
    authorization = request.headers.authorization
    return { body: '[]' }
  })
  const { code } = await ran(['targets', 'ls'], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_mine' })
  assert.deepEqual([code, authorization], [0, 'Bearer slu_mine'])
})

test('the token of a login leaves this machine over TLS alone', async () => {
  using home = scratchFolder()
  await using api = await scriptedServer((path) => ({
    body: path === '/v1/token' ? '{"access_token":"slu_1","expires_in":900}' : '[]',
  }))
  mkdirSync(join(home.path, 'sluice'))
  const login = { issuer: 'https://idp.example', client_id: 'cli', scope: 'openid', extra: {} }
  const held = { subject: 'alice', access_token: 'eyMine', expires_ms: null, refresh_token: null }
  const logins = JSON.stringify({ current: 'corp', logins: { corp: { ...login, ...held } } })
  writeFileSync(join(home.path, 'sluice', 'logins.json'), logins, { mode: 0o600 })
  const file = join(home.path, 'token')
  writeFileSync(file, 'eyMine')
  // An address that is not loopback, and leads here all the same.
  const away = api.url.replace('127.0.0.1', '0.0.0.0')
  const env = { XDG_CONFIG_HOME: home.path, SLUICE_DATA: home.path }
  const commands = [['targets', 'ls'], ['token'], ['token', '--subject-token-file', file]]
  for (const args of commands) {
    const { code, error } = await ran(args, { ...env, SLUICE_URL: away })
    assert.deepEqual([args, code, api.asked], [args, 2, []])
    assert.match(error, /SLUICE_URL must be https, or http on this machine/)
  }
  for (const args of commands) assert.equal((await ran(args, { ...env, SLUICE_URL: api.url })).code, 0)
})

test('who named nobody and is refused learns who asked', async () => {
  using data = scratchFolder()
  await using api = await scriptedServer((path) =>
    path.startsWith('/v1/revocations')
      ? { status: 403, body: '{"detail":"Only an admin may."}' }
      : { body: JSON.stringify({ access_token: path === '/token' ? 'ey' : 'slu_erin' }) },
  )
  leaveDemo(data.path, api.url, ['erin', 'carol'])
  const args = ['token', 'revoke', 'tok_1', '--reason', 'leaked']
  const env = { SLUICE_DATA: data.path }
  const { code, error } = await ran(args, env)
  assert.equal(code, 1)
  assert.match(error, /Only an admin may\.\nasked as erin, who looks at the demo.*: --as is one of carol\n/)
  assert.doesNotMatch((await ran([...args, '--as', 'carol'], env)).error, /asked as/)
})

test('without one, the demo reads as its auditor', async () => {
  using data = scratchFolder()
  await using api = await scriptedServer((path) => ({
    body:
      path === '/v1/targets' ? '[]' : JSON.stringify({ access_token: path === '/token' ? 'ey' : 'slu_erin' }),
  }))
  leaveDemo(data.path, api.url, ['alice', 'erin'])
  assert.equal((await ran(['targets', 'ls'], { SLUICE_DATA: data.path })).code, 0)
  assert.equal(api.asked[0], 'POST /token subject=erin')
  assert.match(api.asked[1] ?? '', /^POST \/v1\/token grant_type=.*&subject_token=ey&/)
})

test('--as names a subject of the demo, and needs one', async () => {
  using data = scratchFolder()
  await using api = await scriptedServer((path) => ({
    body: path.startsWith('/v1/grants')
      ? '[]'
      : JSON.stringify({ access_token: path === '/token' ? 'ey' : 'slu_1' }),
  }))
  leaveDemo(data.path, api.url, ['bob', 'erin'])
  const env = { SLUICE_DATA: data.path, SLUICE_TOKEN: 'slu_other' }
  assert.equal((await ran(['access', 'ls', '--as', 'bob'], env)).code, 0)
  assert.equal(api.asked[0], 'POST /token subject=bob')
  const none = await ran(['access', 'ls', '--as', 'bob'], { SLUICE_DATA: `${data.path}/none` })
  assert.equal(none.code, 3)
  assert.match(none.error, /--as is for the demo/)
})

test('what the API refuses is shown in its own words', async () => {
  await using api = await scriptedServer(() => ({ status: 401, body: '{"detail":"The token has expired."}' }))
  const { code, error } = await ran(['targets', 'ls'], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_old' })
  assert.deepEqual([code, error], [1, 'sluice: /v1/targets answered 401: The token has expired.\n'])
})

test('an answer that is no JSON is still an error with its status', async () => {
  await using api = await scriptedServer(() => ({ status: 502, body: '<html>' }))
  const { code, error } = await ran(['targets', 'ls'], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })
  assert.deepEqual([code, error], [1, 'sluice: /v1/targets answered 502: Bad Gateway\n'])
})

/** In a process of its own, since this one has loaded everything already. */
function loadedBy(file: string): readonly string[] {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL(file, import.meta.url).href)})
    console.log(JSON.stringify(loaded))`
  const args = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
  ]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as readonly string[]
}

test('a command that asks the API starts without what only few commands need', () => {
  const loaded = loadedBy('./commands/targets.ts')
  assert.ok(loaded.some((url) => url.endsWith('/login/access-token.ts')))
  const heavy = loaded.filter((url) => /openid-client|\/core\/src\/index|\/identity\/src\//.test(url))
  assert.deepEqual(heavy, [])
})
