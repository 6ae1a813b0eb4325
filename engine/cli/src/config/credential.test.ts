import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import { ConfigError } from './problem.ts'
import { forbidden } from './target-secrets.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBD1QMKQVuWrPQ9Q06PvRA3pmrPJtzUWfzM35tdCNxx6'

function credential(written: string, protocol = 'ssh') {
  const ends = protocol === 'ssh' ? `host_ca: ${key}` : 'database: shop'
  const text = `identity: { issuers: [{ name: i, kind: oidc, issuer: "https://i.example", audience: sluice }] }
policies: { path: . }
targets:
  - { name: t, protocol: ${protocol}, address: "t:1", ${ends}, credential: ${written} }
`
  return parseConfig('sluice.yaml', text).targets[0]?.credential ?? null
}

suite('by what the gateway logs in', () => {
  test('may be a certificate over SSH: made for each login, or beside a key', () => {
    const issued = { user: 'app', certificate: 'issued' }
    assert.deepEqual(credential('{ user: app, certificate: issued }'), issued)
    const given = { user: 'app', password: { file: 'key' }, certificate: { file: 'key-cert.pub' } }
    assert.deepEqual(
      credential('{ user: app, password: { file: key }, certificate: { file: key-cert.pub } }'),
      given,
    )
  })

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['{ user: app, password: { file: k }, certificate: issued }', 'ssh', /needs no password beside it/],
    ['{ user: app, certificate: { file: c } }', 'ssh', /needs its private key beside it/],
    ['{ certificate: issued }', 'ssh', /needs a user beside the certificate/],
    ['{ user: app, certificate: made }', 'ssh', /credential\.certificate/],
    ['{ user: app, certificate: issued }', 'postgres', /only one of SSH/],
  ]
  for (const [written, protocol, why] of wrong)
    test(`is not ${written} for ${protocol}`, () =>
      assert.throws(
        () => credential(written, protocol),
        (error) => error instanceof ConfigError && why.test(error.message),
      ))

  test('is no certificate of the gateway’s own for what an admin of the API adds', () => {
    assert.match(
      forbidden({ user: 'root', certificate: 'issued' }, ['env:']) ?? '',
      /only a file may say that/,
    )
    const beside = (env: string) =>
      forbidden({ user: 'app', password: { env: 'A_KEY' }, certificate: { env } }, ['env:A_'])
    assert.equal(beside('A_CERT'), null)
    assert.match(beside('B_CERT') ?? '', /does not list/)
  })
})
