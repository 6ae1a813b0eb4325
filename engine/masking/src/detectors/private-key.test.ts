import assert from 'node:assert/strict'
import { test } from 'node:test'
import { privateKey } from './private-key.ts'

const lines = (label: string, end: string): string =>
  [`-----BEGIN ${label}-----`, 'MC4CAQAwBQYDK2VwBCIEIA', `-----END ${label}-----`].join(end)

test('a private key is found from its first line to its last', () => {
  for (const label of ['PRIVATE KEY', 'RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'])
    for (const end of ['\n', '\r\n', '\\n']) {
      const value = lines(label, end)
      assert.deepEqual(privateKey.find(`x ${value} y`), [{ start: 2, end: 2 + value.length }])
    }
})

test('one without an end goes as far as one can', () => {
  const text = `-----BEGIN PRIVATE KEY-----${'a'.repeat(10_000)}`
  assert.deepEqual(privateKey.find(text), [{ start: 0, end: privateKey.charsMax }])
})

test('what anybody may see is left alone', () => {
  assert.deepEqual(privateKey.find(lines('CERTIFICATE', '\n') + lines('PUBLIC KEY', '\n')), [])
})
