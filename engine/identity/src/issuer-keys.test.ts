import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, Refused } from '@sluice/core'
import { IssuerKeys } from './issuer-keys.ts'
import {
  scriptedClock,
  scriptedIssuer,
  signingKey,
  type ScriptedClock,
  type ScriptedIssuer,
} from './scripted-issuer.ts'

const first = signingKey('first', 'RS256')
const second = signingKey('second', 'RS256')

suite("T13 an issuer's keys", () => {
  let idp: ScriptedIssuer
  let clock: ScriptedClock
  let keys: IssuerKeys

  beforeEach(async () => {
    idp = await scriptedIssuer([first])
    clock = scriptedClock()
    keys = new IssuerKeys(idp.url, clock)
  })
  afterEach(() => idp.close())

  const reads = (): number => idp.asked.filter((path) => path.endsWith('/keys')).length
  const refused = (kid: string | null, rule: string): Promise<void> =>
    assert.rejects(keys.find(kid, 'RS256'), (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.rule, `identity/${rule}`)
      return true
    })

  test('are read once, when they are first needed, for however many callers', async () => {
    assert.deepEqual(idp.asked, [])
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('first', 'RS256')))
    assert.equal(new Set(found).size, 1)
    assert.deepEqual(idp.asked, ['/.well-known/openid-configuration', '/keys'])
  })

  test('that rotate are found at once, since an unknown id makes them be read again', async () => {
    await keys.find('first', 'RS256')
    clock.advance(limits.issuerKeysRetryMs)
    idp.script.keys = [second.jwk]
    await keys.find('second', 'RS256')
    await refused('first', 'unknown_key')
  })

  test('are not read again for each invented id', async () => {
    await keys.find('first', 'RS256')
    await Promise.all(Array.from({ length: 100 }, (_, at) => refused(`spray${at}`, 'unknown_key')))
    assert.equal(reads(), 1, 'just read: too soon')
    clock.advance(limits.issuerKeysRetryMs)
    await Promise.all(Array.from({ length: 100 }, (_, at) => refused(`spray${at}`, 'unknown_key')))
    assert.equal(reads(), 2)
    await keys.find('first', 'RS256')
  })

  test('serve through an outage until they are too old, then nothing passes, then all is well again', async () => {
    await keys.find('first', 'RS256')
    idp.script.down = true
    clock.advance(limits.issuerKeysLifeMs)
    await keys.find('first', 'RS256')
    await sleep(50)
    clock.advance(limits.issuerOutageRetryMs)
    await refused('first', 'issuer_unreachable')
    idp.script.down = false
    await refused('first', 'issuer_unreachable')
    clock.advance(limits.issuerOutageRetryMs)
    await keys.find('first', 'RS256')
  })

  test('of an issuer that was never reached let nothing pass', async () => {
    idp.script.down = true
    await refused('first', 'issuer_unreachable')
    const asked = idp.asked.length
    await Promise.all(Array.from({ length: 50 }, () => refused('first', 'issuer_unreachable')))
    assert.equal(idp.asked.length, asked, 'an issuer that is down is not asked for each login')
  })

  test('that were withdrawn stop working with the next read in the background', async () => {
    await keys.find('first', 'RS256')
    idp.script.keys = [second.jwk]
    clock.advance(limits.issuerKeysRefreshMs + 1)
    await keys.find('first', 'RS256')
    while (reads() < 2) await sleep(5)
    await keys.find('second', 'RS256')
    await refused('first', 'unknown_key')
  })

  test('without an id are used when only one fits', async () => {
    await keys.find(null, 'RS256')
    clock.advance(limits.issuerKeysRefreshMs + 1)
    idp.script.keys = [first.jwk, second.jwk]
    await keys.find('second', 'RS256').catch(() => undefined)
    await refused(null, 'unknown_key')
  })

  const { n, e } = first.jwk
  const rsa = { kty: 'RSA', kid: 'first', n, e }
  const private_ = { ...first.privateKey.export({ format: 'jwk' }), kid: 'first' }
  const unusable: readonly (readonly [string, Readonly<Record<string, unknown>>[]])[] = [
    ['encryption', [{ ...rsa, use: 'enc' }]],
    ['operations other than verify', [{ ...rsa, key_ops: ['encrypt'] }]],
    ['another algorithm', [{ ...rsa, alg: 'RS384' }]],
    ['symmetric use', [{ kty: 'oct', kid: 'first', k: 'c2VjcmV0' }]],
    ['everybody, being private', [private_]],
    ['nothing, being broken', [{ kty: 'RSA', kid: 'first', n: 7, e: [] }]],
    ['nobody knows which, there being two', [rsa, rsa]],
  ]
  for (const [what, published] of unusable)
    test(`are not used when they are for ${what}`, async () => {
      idp.script.keys = published
      await refused('first', 'unknown_key')
    })

  const untrustworthy: readonly (readonly [string, () => void])[] = [
    ['a document of another issuer', () => (idp.script.metadata = { issuer: `${idp.url}/` })],
    ['no jwks_uri', () => (idp.script.metadata = { jwks_uri: undefined })],
    [
      'keys over plain http from elsewhere',
      () => (idp.script.metadata = { jwks_uri: 'http://192.0.2.1/keys' }),
    ],
    ['keys in a file', () => (idp.script.metadata = { jwks_uri: 'file:///etc/passwd' })],
    ['a redirect', () => (idp.script.redirect = '/moved')],
    ['an endless document', () => (idp.script.body = padded(JSON.stringify({ keys: [first.jwk] })))],
    [
      'too many keys',
      () => (idp.script.keys = Array.from({ length: limits.issuerKeysMax + 1 }, () => first.jwk)),
    ],
    ['keys that are no list', () => (idp.script.body = '{"keys":{"first":{}}}')],
    [
      'keys named twice',
      () => (idp.script.body = JSON.stringify({ keys: [first.jwk] }).replace('{', '{"keys":[],')),
    ],
    ['a page', () => (idp.script.body = '<html>')],
  ]
  for (const [what, arrange] of untrustworthy)
    test(`are not taken from ${what}`, async () => {
      arrange()
      await refused('first', 'issuer_unreachable')
    })

  const template = 'https://idp.example/{tenantid}/v2.0'
  const owned: readonly (readonly [what: string, issuer: () => string, usable: boolean])[] = [
    ['its issuer', () => idp.url, true],
    ['another issuer', () => 'https://idp.example', false],
    ['any tenant, where there are none', () => template, false],
  ]
  for (const [what, issuer, usable] of owned)
    test(`that say they are of ${what} are ${usable ? '' : 'not '}used`, async () => {
      idp.script.keys = [{ ...first.jwk, issuer: issuer() }]
      if (usable) await keys.find('first', 'RS256')
      else await refused('first', 'unknown_key')
    })

  test('are used for one tenant only where they say so', async () => {
    for (const [issuer, usable] of [
      ['{tenantid}', true],
      ['tenant', true],
      ['other', false],
    ] as const) {
      const tenant = await scriptedIssuer([], '/tenant/v2.0')
      tenant.script.keys = [{ ...first.jwk, issuer: tenant.url.replace('/tenant/', `/${issuer}/`) }]
      const found = new IssuerKeys(tenant.url, clock, { tenant: 'tenant', file: null }).find('first', 'RS256')
      if (usable) await found
      else await assert.rejects(found, /key that its issuer publishes/)
      await tenant.close()
    }
  })

  test('are read from a file where one is named, and nobody is asked', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-keys-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'jwks.json')
    const ofFile = new IssuerKeys(idp.url, clock, { tenant: null, file })
    await assert.rejects(ofFile.find('first', 'RS256'), /cannot be read now/)
    await writeFile(file, JSON.stringify({ keys: [first.jwk] }))
    clock.advance(limits.issuerOutageRetryMs)
    await ofFile.find('first', 'RS256')
    assert.deepEqual(idp.asked, [])
  })

  test('are found under an issuer with a path, with or without a slash at its end', async () => {
    for (const path of ['/realms/shop', '/realms/slash/']) {
      const other = await scriptedIssuer([first], path)
      other.script.metadata = { jwks_uri: `${new URL(other.url).origin}/keys` }
      await new IssuerKeys(other.url, clock).find('first', 'RS256')
      assert.equal(other.asked[0], `${path.replace(/\/$/, '')}/.well-known/openid-configuration`)
      await other.close()
    }
  })
})

/** The same document for a parser, but longer than anybody needs. */
function padded(text: string): string {
  return text + ' '.repeat(limits.issuerAnswerBytesMax)
}
