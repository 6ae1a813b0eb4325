import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nobody, ran, scratchFolder, scriptedServer } from '../scripted.ts'

function loggedIn(folder: string): { readonly XDG_CONFIG_HOME: string } {
  mkdirSync(join(folder, 'sluice'), { mode: 0o700 })
  const login = {
    issuer: nobody,
    client_id: 'app',
    scope: '',
    extra: {},
    subject: 'alice',
    access_token: 'ey.access',
    expires_ms: null,
    refresh_token: null,
  }
  const text = JSON.stringify({ current: 'corp', logins: { corp: login } })
  writeFileSync(join(folder, 'sluice', 'logins.json'), text, { mode: 0o600 })
  return { XDG_CONFIG_HOME: folder }
}

test('the gateway revokes the access token, and with it what was made from that', async () => {
  using folder = scratchFolder()
  const shown: (string | undefined)[] = []
  await using api = await scriptedServer((_path, { headers }) => {
    shown.push(headers.authorization)
    return { body: '{}' }
  })
  const { code, out } = await ran(['logout'], { ...loggedIn(folder.path), SLUICE_URL: api.url })
  assert.deepEqual([code, out], [0, 'logged out at corp\n'])
  assert.deepEqual(api.asked, ['POST /v1/revocations {"mine":"this","reason":"logged out"}'])
  assert.deepEqual(shown, ['Bearer ey.access'])
})

test('one that does not answer is said, and the login is forgotten all the same', async () => {
  using folder = scratchFolder()
  const env = { ...loggedIn(folder.path), SLUICE_URL: nobody }
  const { code, error } = await ran(['logout'], env)
  assert.equal(code, 0)
  assert.match(error, /the gateway was not told to revoke what was made from it: no gateway answers/)
  assert.ok(!error.includes('ey.access'))
  assert.equal((await ran(['logout'], env)).code, 1)
})
