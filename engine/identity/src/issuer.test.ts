import { test } from 'node:test'
import assert from 'node:assert/strict'
import { IssuerConfigError, openIssuers, type IssuerConfig } from './issuer.ts'
import { scriptedClock } from './scripted-issuer.ts'

const good: IssuerConfig = {
  name: 'okta',
  kind: 'oidc',
  issuer: 'https://example.okta.com',
  audience: 'sluice',
}
const open = (...configs: readonly IssuerConfig[]): unknown => openIssuers(configs, scriptedClock())

test('issuers are opened without asking them anything', () => {
  const issuers = openIssuers(
    [good, { ...good, name: 'demo', issuer: 'http://127.0.0.1:7401' }],
    scriptedClock(),
  )
  assert.deepEqual([...issuers.keys()], ['https://example.okta.com', 'http://127.0.0.1:7401'])
})

const bad: readonly (readonly [string, Partial<IssuerConfig>])[] = [
  ['plain http off this machine', { issuer: 'http://idp.example.com' }],
  ['http to something that only looks like this machine', { issuer: 'http://127.0.0.1.example.com' }],
  ['all tenants of the world', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
  ['a URL with a query', { issuer: 'https://idp.example.com/?tenant=1' }],
  ['a URL with a password', { issuer: 'https://user:pw@idp.example.com' }],
  ['no URL', { issuer: 'okta' }],
  ['another scheme', { issuer: 'file:///etc/idp' }],
  ['a name that could end early in a subject id', { name: 'a#b' }],
  ['an empty name', { name: '' }],
  ['an empty audience', { audience: '' }],
  ['a symmetric algorithm', { algorithms: ['HS256'] }],
  ['no signature', { algorithms: ['none'] }],
  ['no algorithm at all', { algorithms: [] }],
]
for (const [what, change] of bad)
  test(`a configuration with ${what} is refused`, () =>
    assert.throws(() => open({ ...good, ...change }), IssuerConfigError))

test('two issuers cannot share a name or a URL', () => {
  assert.throws(() => open(good, { ...good, issuer: 'https://other.example.com' }), IssuerConfigError)
  assert.throws(() => open(good, { ...good, name: 'other' }), IssuerConfigError)
})
