import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { Refused } from '@sluice/core'
import { verifyAccessToken } from './access-token.ts'
import { openIssuers, type Issuer } from './issuer.ts'
import {
  goodClaims,
  hmacSignature,
  jws,
  noon,
  scriptedClock,
  scriptedIssuer,
  signingKey,
  type JwsParts,
  type ScriptedIssuer,
} from './scripted-issuer.ts'

const rsa = signingKey('rsa', 'RS256')
const pss = signingKey('pss', 'PS256')
const p256 = signingKey('p256', 'ES256')
const p384 = signingKey('p384', 'ES384')
const ed = signingKey('ed', 'EdDSA')
const small = signingKey('small', 'RS256', 1024)
const stranger = signingKey('rsa', 'RS256')

const none = (): Buffer => Buffer.alloc(0)
const zeros = (): Buffer => Buffer.alloc(64)

suite('an access token', () => {
  let idp: ScriptedIssuer
  let issuers: ReadonlyMap<string, Issuer>
  let claims: Readonly<Record<string, unknown>>

  before(async () => {
    idp = await scriptedIssuer([rsa, pss, p256, p384, ed, small])
    issuers = openIssuers([idp.config], scriptedClock())
    claims = goodClaims(idp.url)
  })
  after(() => idp.close())

  const verify = (token: string): Promise<unknown> => verifyAccessToken(token, issuers, noon)

  test('is counted at its issuer, good or bad, and one of nobody at none', async () => {
    const known = openIssuers([idp.config], scriptedClock())
    const tally = () => known.get(idp.url)?.tally.state
    await verifyAccessToken(jws(rsa, claims), known, noon)
    await assert.rejects(verifyAccessToken(jws(stranger, claims), known, noon))
    await assert.rejects(verifyAccessToken(jws(rsa, { ...claims, iss: 'https://nobody' }), known, noon))
    const state = tally()
    assert.deepEqual([state?.accepted, state?.refused], [1, 1])
    assert.deepEqual(state?.reasons, [['identity/signature', 1]])
    assert.equal(state.lastRefusal?.rule, 'identity/signature')
  })

  async function refused(token: string, rule: string): Promise<void> {
    await assert.rejects(verify(token), (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.code, 'token_refused')
      assert.equal(error.refusal.rule, `identity/${rule}`)
      return true
    })
  }

  for (const key of [rsa, pss, p256, p384, ed])
    test(`signed with ${key.alg} is good`, async () => {
      const { claims: found, issuer } = await verifyAccessToken(jws(key, claims), issuers, noon)
      assert.deepEqual([issuer.name, found.subject, found.client], ['idp', 'alice', 'app'])
      assert.equal(found.expiresAt, noon + 3_600_000)
    })

  test('may leave out typ, or spell it in the known ways', async () => {
    for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt'])
      await verify(jws(rsa, claims, { header: { typ } }))
  })

  test('brings no key along: jku, x5u, x5c and jwk are not looked at', async () => {
    const header = { jku: `${idp.url}/evil`, x5u: `${idp.url}/evil`, jwk: stranger.jwk, x5c: ['AAAA'] }
    const before = idp.asked.length
    await verify(jws(rsa, claims, { header }))
    await refused(jws(stranger, claims, { header }), 'signature')
    assert.equal(idp.asked.length, before)
  })

  const publicPem = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' }).toString()
  const p384Claim = { header: { alg: 'ES256', kid: 'p384' } }

  /** Number in the security catalogue, what is tried, how, and the rule that must stop it. */
  const headerAttacks: readonly (readonly [string, string, JwsParts, string])[] = [
    ['T1', 'alg none', { header: { alg: 'none' }, signature: none }, 'malformed'],
    [
      'T1',
      'alg none, with bytes for a signature',
      { header: { alg: 'none' }, signature: zeros },
      'algorithm',
    ],
    ['T1', 'alg nOnE', { header: { alg: 'nOnE' }, signature: zeros }, 'algorithm'],
    ['T1', 'no alg', { header: { alg: undefined } }, 'algorithm'],
    ['T1', 'alg of a prototype', { header: { alg: 'constructor' } }, 'algorithm'],
    ['T1', 'an empty signature', { signature: none }, 'malformed'],
    [
      'T2',
      'HS256 with the public key',
      { header: { alg: 'HS256' }, signature: hmacSignature(publicPem) },
      'algorithm',
    ],
    ['T2', 'an algorithm that is not allowed', { header: { alg: 'RS512' } }, 'algorithm'],
    ['T2', 'RSA key under an ECDSA algorithm', { header: { alg: 'ES256' } }, 'unknown_key'],
    ['T2', 'RS256 key under PS256', { header: { alg: 'PS256' } }, 'unknown_key'],
    ['T3', 'kid that is a path', { header: { kid: '../../dev/null' } }, 'unknown_key'],
    ['T3', 'kid that is SQL', { header: { kid: "x' UNION SELECT 'k" } }, 'unknown_key'],
    ['T3', 'kid that is a URL', { header: { kid: 'https://example.com/jwks' } }, 'unknown_key'],
    ['T3', 'kid that is a number', { header: { kid: 1 } }, 'malformed'],
    ['T3', 'no kid, and several keys', { header: { kid: undefined, alg: 'RS256' } }, 'unknown_key'],
    ['T3', 'unknown crit', { header: { crit: ['exp'], exp: 1 } }, 'critical'],
    ['T3', 'crit b64', { header: { crit: ['b64'], b64: false } }, 'critical'],
    ['T6', 'two algs in the header', { headerText: '{"alg":"RS256","kid":"rsa","alg":"none"}' }, 'malformed'],
    ['T6', 'a header that is a list', { headerText: '[]' }, 'malformed'],
    ['T7', 'a logout token', { header: { typ: 'logout+jwt' } }, 'token_type'],
    ['T7', 'a proof of possession', { header: { typ: 'dpop+jwt' } }, 'token_type'],
    ['T7', 'typ that is a list', { header: { typ: ['at+jwt'] } }, 'token_type'],
  ]
  for (const [number, what, parts, rule] of headerAttacks)
    test(`${number} ${what}`, () => refused(jws(rsa, claims, parts), rule))

  test('T2 a key of the right id from somebody else', () => refused(jws(stranger, claims), 'signature'))
  test('T4 ECDSA signature of zeros', () => refused(jws(p256, claims, { signature: zeros }), 'signature'))
  test('T4 ES256 on P-384', () => refused(jws(p384, claims, p384Claim), 'unknown_key'))
  test('T4 a small RSA key', () => refused(jws(small, claims), 'signature'))
  test('T4 a DER signature', () =>
    refused(
      jws(p256, claims, { signature: () => Buffer.from('30060201010201 01'.replaceAll(' ', ''), 'hex') }),
      'signature',
    ))
  test('T4 a signature with a byte more', async () => {
    const token = jws(p256, claims)
    const longer = Buffer.concat([Buffer.from(token.split('.')[2] ?? '', 'base64url'), Buffer.from([0])])
    await refused(jws(p256, claims, { signature: () => longer }), 'signature')
  })

  test('T5 an encrypted token is not even looked into', async () => {
    const header = Buffer.from('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000000}').toString(
      'base64url',
    )
    await refused(`${header}.AAAA.AAAA.AAAA.AAAA`, 'encrypted')
  })
  test('T5 zip is no parameter of a signed token', () =>
    refused(jws(rsa, claims, { header: { zip: 'DEF' }, payloadText: '\u0001' }), 'malformed'))

  test('T6 other spellings of a good token', async () => {
    const good = jws(rsa, claims)
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const spellings = [
      '',
      '.',
      '..',
      'no token',
      `${header}.${payload}`,
      `${good}.`,
      `.${good}`,
      `${good}=`,
      `${good} `,
      ` ${good}`,
      `${good}\n`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, 5)}\n${signature.slice(5)}`,
      `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
      // The last character of 256 bytes carries four bits that mean nothing.
      `${header}.${payload}.${signature.slice(0, -1)}${nextCharacter(signature.at(-1) ?? '')}`,
    ]
    for (const spelling of spellings) await refused(spelling, 'malformed')
    await verify(good)
  })

  const claimsText = (text: string): string => jws(rsa, {}, { payloadText: text })
  test('T6 claims that are not one plain object', async () => {
    const good = JSON.stringify(claims)
    await refused(claimsText(good.replace('{', '{"sub":"mallory",')), 'malformed')
    await refused(claimsText(good.replace('{', '{"s\\u0075b":"mallory",')), 'malformed')
    await refused(claimsText(good.replace('{', '{"x":{"a":1,"a":2},')), 'malformed')
    await refused(claimsText(`\ufeff${good}`), 'malformed')
    await refused(claimsText(`${good}{}`), 'malformed')
    await refused(claimsText('null'), 'malformed')
    await verify(claimsText(`${good.slice(0, -1)},"deep":${'['.repeat(2000)}${']'.repeat(2000)}}`))
    await verify(claimsText(good.replace('{', '{"x":[{"a":1},{"a":1,"b":"\\"a\\":"}],')))
  })

  test('that is longer than the limit is refused before anything is read', () =>
    refused(jws(rsa, { ...claims, filler: 'x'.repeat(9_000) }), 'too_large'))

  test('of an issuer that is not exactly a configured one is refused, and nobody is asked', async () => {
    const before = idp.asked.length
    for (const iss of [
      `${idp.url}/`,
      idp.url.toUpperCase(),
      'https://example.com',
      undefined,
      [idp.url],
      null,
    ])
      await refused(jws(rsa, { ...claims, iss }), 'unknown_issuer')
    assert.equal(idp.asked.length, before)
  })

  test('no refusal repeats anything of the token', async () => {
    const token = jws(stranger, { ...claims, sub: 'canary-subject', iss: 'https://canary.example' })
    await assert.rejects(
      verify(token),
      (error) => !/canary/.test(String(error) + String((error as Error).cause)),
    )
  })
})

function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? ''
}
