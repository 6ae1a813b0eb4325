import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'

function file(api: string, issuer: string): string {
  return `api: ${api}
identity: { issuers: [${issuer}] }
policies: { path: . }
targets: []
`
}

const okta =
  '{ name: okta, kind: oidc, issuer: "https://o.example", audience: sluice, console: { client_id: c } }'
const adfs = `{ name: adfs, kind: saml, issuer: "https://i.example", audience: a, sign_on_url: "https://i.example/sso",
  certificates: [{ file: i.pem }], console: { label: Our people } }`

for (const [api, what] of [
  ['{ listen: 0.0.0.0:7400 }', /console needs api\.url — the URL at which browsers reach this API/],
  ['{ url: "http://sluice.example" }', /console needs TLS — api\.url must begin with https/],
  ['{ url: "https://sluice.example/sluice" }', /console needs the root of a host/],
] as const)
  test(`nobody signs in with api: ${api}`, () => {
    assert.throws(() => parseConfig('sluice.yaml', file(api, okta)), what)
  })

for (const api of [
  '{ listen: 127.0.0.1:7400 }',
  '{ listen: 0.0.0.0:7400, url: "https://sluice.example" }',
  '{ url: "http://127.0.0.1:7400" }',
])
  test(`people sign in with api: ${api}`, () => {
    assert.equal(parseConfig('sluice.yaml', file(api, okta)).issuers[0]?.console?.client_id, 'c')
  })

test('of saml there is a label and no client', () => {
  const api = '{ url: "https://sluice.example" }'
  assert.equal(parseConfig('sluice.yaml', file(api, adfs)).samlIssuers[0]?.console?.label, 'Our people')
  assert.throws(
    () => parseConfig('sluice.yaml', file(api, adfs.replace('label:', 'client_id: c, label:'))),
    /unknown key "client_id" in identity\.issuers\.0\.console, a console of a provider of saml/,
  )
})

test('several directories are several issuers', () => {
  const many = okta.replace('"https://o.example"', '"https://o.example/{tenantid}", tenants: [a, b]')
  assert.throws(
    () => parseConfig('sluice.yaml', file('{ listen: 127.0.0.1:7400 }', many)),
    /console is for one directory — give each tenant that signs in an issuer of its own/,
  )
})
