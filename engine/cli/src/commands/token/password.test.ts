import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { PasswordLine } from '@sluice/api'
import { ran, scriptedServer } from '../../scripted.ts'

const line: PasswordLine = {
  user: 'pwd_1',
  password: 'slu_secret',
  targets: ['shop'],
  from: ['10.0.0.0/8'],
  expires_at: '2026-11-25T10:15:00.000Z',
}

test('a password is shown once, with its user name, what it is for and until when', async () => {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(line) }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  const { code, out } = await ran(['token', 'password', '--target', 'shop', '--from', '10.0.0.0/8'], env)
  assert.equal(code, 0)
  assert.equal(
    out,
    `user      pwd_1
password  slu_secret
targets   shop, from 10.0.0.0/8
until     2026-11-25 10:15:00 UTC
`,
  )
  const json = await ran(['token', 'password', '--json'], env)
  assert.deepEqual(JSON.parse(json.out), line)
  assert.deepEqual(api.asked, [
    'POST /v1/passwords {"targets":["shop"],"from":["10.0.0.0/8"]}',
    'POST /v1/passwords {}',
  ])
  assert.equal((await ran(['token', 'password', 'pwd_1'], env)).code, 2)
})
