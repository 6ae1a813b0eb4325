import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer } from '../scripted.ts'

/** Provider and API at one address. */
function gateway(uncertified = false) {
  return scriptedServer((path) => {
    if (path === '/v1/targets')
      return {
        body: JSON.stringify([
          { name: 'shop', protocol: 'postgres', labels: {}, served: true },
          { name: 'far', protocol: 'postgres', labels: {}, served: false },
          { name: 'host', protocol: 'ssh', labels: {}, served: true },
          { name: 'bus', protocol: 'kafka', labels: {}, served: true },
        ]),
      }
    if (path === '/v1/ssh/certificate')
      return uncertified
        ? { status: 403, body: JSON.stringify({ detail: 'The token is bound to less than that.' }) }
        : { body: JSON.stringify({ certificate: 'CERTIFICATE' }) }
    if (path === '/v1/ssh/known') return { body: JSON.stringify({ ca: 'CA', host_key: 'ssh-ed25519 HOST' }) }
    return { body: JSON.stringify({ access_token: path === '/token' ? 'ey' : 'slu_1', expires_in: 900 }) }
  })
}

const print = (name: string): readonly string[] => [
  '--exec',
  '--',
  process.execPath,
  '-e',
  `process.exit(process.env[${JSON.stringify(name)}]?.length > 0 ? 0 : 9)`,
  '--',
  '--help',
]

test('a program runs with the address, ends with its own code, and --help behind -- is its own', async () => {
  using data = scratchFolder()
  await using server = await gateway()
  leaveDemo(data.path, server.url, ['langchain-reporting', 'bob'])
  const env = { ...process.env, SLUICE_DATA: data.path }
  assert.deepEqual(await ran(['connect', 'shop', ...print('DATABASE_URL')], env), {
    code: 0,
    out: '',
    error: '',
  })
  assert.equal((await ran(['connect', 'shop', '--as', 'bob', ...print('NOWHERE')], env)).code, 9)
  assert.deepEqual(
    server.asked.filter((asked) => asked.startsWith('POST /token')),
    ['POST /token subject=langchain-reporting', 'POST /token subject=bob'],
  )
})

test('a token of the environment is not left to the program', async () => {
  await using server = await gateway()
  const env = { ...process.env, SLUICE_URL: server.url, SLUICE_TOKEN: 'slu_of_mine' }
  const { code, error } = await ran(['connect', 'shop', ...print('SLUICE_TOKEN')], env)
  assert.deepEqual([code, error], [9, ''])
})

test('a service asks its provider for itself, with what that wants besides', async () => {
  using folder = scratchFolder()
  await using server = await gateway()
  const secret = join(folder.path, 'secret')
  writeFileSync(secret, 's3cret\n')
  const env = {
    ...process.env,
    SLUICE_URL: server.url,
    SLUICE_TOKEN_URL: `${server.url}/token`,
    SLUICE_CLIENT_ID: 'agent',
    SLUICE_CLIENT_SECRET_FILE: secret,
    SLUICE_RESOURCE: 'urn:sluice',
  }
  assert.equal((await ran(['connect', 'shop', ...print('DATABASE_URL')], env)).code, 0)
  assert.match(server.asked[0] ?? '', /^POST \/token grant_type=client_credentials&resource=urn%3Asluice$/)
  const { code, error } = await ran(['connect', 'shop'], { ...env, SLUICE_CLIENT_SECRET: 'as well' })
  assert.equal(code, 2)
  assert.match(error, /either SLUICE_CLIENT_SECRET or SLUICE_CLIENT_SECRET_FILE/)
})

test('it serves until it is told to stop, and says where', async () => {
  using data = scratchFolder()
  await using server = await gateway()
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const stopped = await ran(['connect', 'shop', '--json'], { SLUICE_DATA: data.path }, AbortSignal.abort())
  assert.equal(stopped.code, 0)
  const { url, ...rest } = JSON.parse(stopped.out) as { url: string }
  assert.deepEqual(rest, { target: 'shop', protocol: 'postgres' })
  assert.match(url, /^postgresql:\/\/app@127\.0\.0\.1:\d+\/shop$/)
  const told = await ran(['connect', 'shop'], { SLUICE_DATA: data.path }, AbortSignal.abort())
  assert.match(told.out, /by the token of langchain-reporting, until Ctrl-C\. Whoever reaches/)
})

test('a target that is not there is named with the nearest, one elsewhere with where to ask', async () => {
  using data = scratchFolder()
  await using server = await gateway()
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const env = { SLUICE_DATA: data.path }
  const { code, error } = await ran(['connect', 'shpo'], env)
  assert.deepEqual([code, /did you mean "shop"\?/.test(error)], [1, true])
  assert.match((await ran(['connect', 'far'], env)).error, /another gateway .*: set SLUICE_URL/)
  assert.match((await ran(['connect', 'bus'], env)).error, /speaks kafka, for which there is no sidecar yet/)
})

test('for SSH it asks for a certificate for that target alone, and says how it is used', async () => {
  using data = scratchFolder()
  await using server = await gateway()
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const env = { ...process.env, SLUICE_DATA: data.path }
  const told = await ran(['connect', 'host'], env, AbortSignal.abort())
  assert.equal(told.code, 0, told.error)
  const [, config = ''] = /^ {2}ssh -F (\S+) host uptime$/m.exec(told.out) ?? []
  assert.match(told.out, /^host is at ssh:\/\/host@127\.0\.0\.1:\d+\n/)
  assert.ok(told.out.includes(`Whoever reads ${dirname(config)} acts so.`))
  assert.equal(existsSync(config), false)
  const asked = server.asked.find((one) => one.startsWith('POST /v1/ssh/certificate')) ?? ''
  assert.match(asked, /"public_key":"ssh-ed25519 \S+ sluice connect","targets":\["host"\]/)
  for (const name of ['SLUICE_SSH_CONFIG', 'GIT_SSH_COMMAND', 'RSYNC_RSH'])
    assert.equal((await ran(['connect', 'host', ...print(name)], env)).code, 0, name)
})

test('for SSH a socket is of no use, and without a certificate nothing is opened', async () => {
  using data = scratchFolder()
  await using server = await gateway(true)
  leaveDemo(data.path, server.url, ['langchain-reporting'])
  const env = { SLUICE_DATA: data.path }
  const socket = await ran(['connect', 'host', '--socket', data.path], env)
  assert.deepEqual([socket.code, /leave --socket out/.test(socket.error)], [2, true])
  const { code, error } = await ran(['connect', 'host'], env)
  assert.deepEqual([code, /certificate answered 403: The token is bound/.test(error)], [1, true])
})

const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /name one target/],
  [['shop', 'other'], /name one target/],
  [['shop', '--exec'], /--exec -- <command>/],
  [['shop', '--', 'ls'], /--exec -- <command>/],
  [['shop', '--listen', '0.0.0.0:5432'], /other machines would act as you/],
  [['shop', '--listen', '[::]:5432'], /other machines would act as you/],
  [['shop', '--listen', 'example.com:1'], /other machines would act as you/],
  [['shop', '--listen', 'x'], /a host and a port/],
  [['shop', '--gateway', 'host'], /a host and a port/],
  [['shop', '--listen', '1', '--socket', '/run'], /exclude each other/],
  [['shop', '--profile', 'mistral'], /openai or anthropic/],
]
for (const [args, words] of mistakes)
  test(`a mistake: connect ${args.join(' ')}`, async () => {
    const { code, error } = await ran(['connect', ...args])
    assert.equal(code, 2)
    assert.match(error, words)
  })

test('no token goes to another machine in clear', async () => {
  for (const url of ['http://gateway.example:7400', 'ftp://127.0.0.1', 'nonsense']) {
    const { code, error } = await ran(['connect', 'shop'], { SLUICE_URL: url, SLUICE_TOKEN: 'ey' })
    assert.deepEqual([code, /must be https/.test(error)], [2, true])
  }
})

test('nobody to act as, or nobody to ask: exit code 3, and what to do', async () => {
  using data = scratchFolder()
  const env = { SLUICE_DATA: data.path }
  const lost = await ran(['connect', 'shop'], env)
  assert.deepEqual([lost.code, /set SLUICE_TOKEN, or/.test(lost.error)], [3, true])
  assert.equal((await ran(['connect', 'shop', '--as', 'bob'], env)).code, 3)
  leaveDemo(data.path, nobody, ['langchain-reporting'])
  assert.equal((await ran(['connect', 'shop'], env)).code, 3)
})
