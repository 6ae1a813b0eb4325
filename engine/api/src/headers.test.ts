import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'

const expected = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

for (const url of [
  '/v1/approvals',
  '/v1/openapi.json',
  '/readyz',
  '/nowhere',
  '/v1/approvals/%zz',
  '/v1/token',
])
  test(`${url} is in no frame, no cache and no guess`, async () => {
    const { headers } = await scriptedApi().app.inject({ url, headers: bearer('erin') })
    for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value, name)
    assert.equal(headers['set-cookie'], undefined)
  })
