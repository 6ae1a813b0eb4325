import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { byToken, limits, Refused, systemIds, type Authenticator } from '@sluice/core'
import { tokenAuthenticator } from './authenticator.ts'
import { gatewayTokens, type GatewayTokens } from './gateway-token.ts'
import { openIssuers } from './issuer.ts'
import {
  goodClaims,
  jws,
  noon,
  scriptedClock,
  scriptedIssuer,
  signingKey,
  type ScriptedClock,
  type ScriptedIssuer,
} from './scripted-issuer.ts'

const key = signingKey('k', 'RS256')
const curveKey = signingKey('e', 'ES256')
const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

suite('the authenticator', () => {
  let idp: ScriptedIssuer
  let other: ScriptedIssuer
  let clock: ScriptedClock
  let gateway: GatewayTokens
  let authenticator: Authenticator

  before(async () => {
    idp = await scriptedIssuer([key, curveKey])
    other = await scriptedIssuer([key])
    clock = scriptedClock()
    const configs = [idp.config, { ...other.config, name: 'other', audience: 'elsewhere' }]
    const secret = createSecretKey(randomBytes(32))
    const issuers = new Set(['idp', 'other'])
    gateway = gatewayTokens({ key: secret, audience: 'sluice', issuers, clock, ids: systemIds(clock) })
    authenticator = tokenAuthenticator(openIssuers(configs, clock), gateway, clock)
  })
  after(() => Promise.all([idp.close(), other.close()]))

  const refused = (token: string, rule: string): Promise<void> =>
    assert.rejects(
      authenticator.authenticate(byToken(token)),
      (error) => error instanceof Refused && error.refusal.rule === `identity/${rule}`,
    )

  test('takes a gateway token', async () => {
    const { subject, expiresAt } = await authenticator.authenticate(byToken(jws(key, goodClaims(idp.url))))
    const { token, identity } = gateway.mint({ subject, issuedAt: noon, expiresAt })
    assert.deepEqual(await authenticator.authenticate(byToken(token)), identity)
  })

  test('knows nobody by a key alone', () =>
    assert.rejects(
      authenticator.authenticate({ kind: 'public_key', blob: randomBytes(51), ip: '127.0.0.1' }),
      /show a token instead/,
    ))

  test("takes an issuer's access token, for no longer than a gateway token would live", async () => {
    const identity = await authenticator.authenticate(
      byToken(jws(key, { ...goodClaims(idp.url), jti: 'j1' })),
    )
    assert.deepEqual([identity.subject.id, identity.tokenId], ['idp#alice', 'idp#j1'])
    assert.equal(identity.expiresAt, noon + limits.tokenLifeMs)
    const short = await authenticator.authenticate(
      byToken(jws(key, { ...goodClaims(idp.url), exp: noon / 1000 + 5 })),
    )
    assert.equal(short.expiresAt, noon + 5_000)
  })

  test('names a token without an id by its hash', async () => {
    const ids = await Promise.all(
      [{}, {}, { sub: 'bob' }].map(async (change) => {
        const { tokenId } = await authenticator.authenticate(
          byToken(jws(key, { ...goodClaims(idp.url), ...change })),
        )
        assert.match(tokenId, /^idp#[\w-]{43}$/)
        return tokenId
      }),
    )
    assert.equal(new Set(ids).size, 2)
  })

  test('knows a token by the same name whatever form its signature has', async () => {
    const claims = goodClaims(idp.url)
    const token = jws(curveKey, claims)
    const [header, payload, signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const s = BigInt(`0x${bytes.toString('hex', 32)}`)
    const mirrored = Buffer.from((orderOfP256 - s).toString(16).padStart(64, '0'), 'hex')
    const other = Buffer.concat([bytes.subarray(0, 32), mirrored]).toString('base64url')
    assert.notEqual(other, signature)
    const ids = await Promise.all(
      [token, `${header}.${payload}.${other}`].map(
        async (form) => (await authenticator.authenticate(byToken(form))).tokenId,
      ),
    )
    assert.equal(ids[0], ids[1])
  })

  test('keeps issuers apart: the same sub is another subject, the audience is each one’s own', async () => {
    const theirs = { ...goodClaims(other.url), aud: 'elsewhere' }
    assert.equal((await authenticator.authenticate(byToken(jws(key, theirs)))).subject.id, 'other#alice')
    await refused(jws(key, goodClaims(other.url)), 'audience')
    await refused(jws(key, { ...goodClaims(idp.url), aud: 'elsewhere' }), 'audience')
  })

  test('refuses what is no token', async () => {
    await refused('', 'malformed')
    await refused('shop_app', 'malformed')
    await refused('slu_', 'signature')
    await refused(`slu_${jws(key, goodClaims(idp.url))}`, 'signature')
  })

  test('T14 an old token from a log or a history does nothing', async () => {
    const token = jws(key, { ...goodClaims(idp.url), exp: noon / 1000 + 60 })
    const { subject } = await authenticator.authenticate(byToken(token))
    const minted = gateway.mint({ subject, issuedAt: noon, expiresAt: noon + 60_000 }).token
    clock.advance(60_000)
    await refused(token, 'expired')
    await refused(minted, 'expired')
  })
})
