import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer } from '../scripted.ts'

const issued = {
  certificate: 'ssh-ed25519-cert-v01@openssh.com AAAA idp#alice tok_1',
  serial: '7',
  key_id: 'idp#alice tok_1',
  targets: ['shop-host'],
  valid_until: '2026-01-01T12:15:00.000Z',
}

const known = {
  ca: 'ssh-ed25519 CA',
  host_key: 'ssh-ed25519 HOST',
  names: ['gw.example.com'],
  login_ca: 'ssh-ed25519 LOGINS',
}

function gateway({ names }: { readonly names: readonly string[] } = known) {
  return scriptedServer((path) => {
    if (path === '/v1/ssh/known') return { body: JSON.stringify({ ...known, names }) }
    return { body: JSON.stringify(path === '/v1/ssh/certificate' ? issued : { access_token: 'slu_1' }) }
  })
}

suite('ssh certificate', () => {
  test('leaves the certificate beside the key, where ssh finds it', async () => {
    using home = scratchFolder()
    await using api = await gateway()
    await mkdir(join(home.path, '.ssh'))
    writeFileSync(join(home.path, '.ssh', 'id_ed25519.pub'), 'ssh-ed25519 KEY me\n')
    const env = { HOME: home.path, SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
    const { code, out } = await ran(['ssh', 'certificate'], env)
    const file = join(home.path, '.ssh', 'id_ed25519-cert.pub')
    assert.deepEqual([code, out], [0, `${file} is valid until 2026-01-01T12:15:00.000Z at shop-host\n`])
    assert.equal(readFileSync(file, 'utf8'), `${issued.certificate}\n`)
    assert.deepEqual(api.asked, ['POST /v1/ssh/certificate {"public_key":"ssh-ed25519 KEY me"}'])
  })

  test('asks for what it is told, as who it is told, and prints it', async () => {
    using data = scratchFolder()
    await using api = await gateway()
    leaveDemo(data.path, api.url, ['alice'])
    const key = join(data.path, 'key.pub')
    writeFileSync(key, 'ssh-ed25519 KEY\n')
    const args = [
      '--target',
      'a',
      '--target',
      'b',
      '--command',
      'uptime',
      '--from',
      '10.0.0.0/8',
      '--out',
      '-',
    ]
    const { code, out } = await ran(['ssh', 'certificate', key, ...args, '--as', 'alice'], {
      SLUICE_DATA: data.path,
    })
    assert.deepEqual([code, out], [0, `${issued.certificate}\n`])
    assert.equal(api.asked[0], 'POST /token subject=alice')
    assert.equal(
      api.asked.at(-1),
      'POST /v1/ssh/certificate {"public_key":"ssh-ed25519 KEY","targets":["a","b"],"command":"uptime","from":["10.0.0.0/8"]}',
    )
  })

  test('takes no private key, and says what to do without any', async () => {
    using home = scratchFolder()
    const env = { HOME: home.path, SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' }
    const wrong = await ran(['ssh', 'certificate', join(home.path, 'id_ed25519')], env)
    assert.deepEqual([wrong.code, /is not the \.pub file/.test(wrong.error)], [2, true])
    const missing = await ran(['ssh', 'certificate'], env)
    assert.deepEqual([missing.code, /ssh-keygen -t ed25519/.test(missing.error)], [2, true])
  })
})

test('ssh ca is a line for known_hosts, which asks for no token', async () => {
  await using api = await gateway()
  const env = { SLUICE_URL: api.url }
  const line = async (...args: readonly string[]): Promise<string> =>
    (await ran(['ssh', 'ca', ...args], env)).out
  assert.equal(await line(), '@cert-authority [127.0.0.1]:7422 ssh-ed25519 CA\n')
  assert.equal(await line('--host', '*.example.com'), '@cert-authority *.example.com ssh-ed25519 CA\n')
  assert.equal(await line('--plain', '--host', 'gw'), 'gw ssh-ed25519 HOST\n')
  assert.equal(await line('--logins'), 'ssh-ed25519 LOGINS\n')
  assert.deepEqual(JSON.parse(await line('--json')), { host: '[127.0.0.1]:7422', ...known })
})

test('ssh ca of a gateway that shows no certificate says so, instead of a line that helps nobody', async () => {
  await using api = await gateway({ names: [] })
  const { code, error } = await ran(['ssh', 'ca'], { SLUICE_URL: api.url })
  assert.deepEqual([code, /listen\.ssh\.names/.test(error)], [2, true])
  assert.equal((await ran(['ssh', 'ca', '--logins'], { SLUICE_URL: api.url })).code, 0)
})
