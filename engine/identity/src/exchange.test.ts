import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { limits, systemIds, type Revocation, type Subject } from '@sluice/core'
import { tokenExchanger, type Exchange } from './exchange.ts'
import { gatewayTokens, type GatewayTokens } from './gateway-token.ts'
import { openIssuers } from './issuer.ts'
import type { SamlLogins } from './saml/logins.ts'
import {
  goodClaims,
  jws,
  noon,
  scriptedClock,
  scriptedIssuer,
  signingKey,
  type ScriptedIssuer,
} from './scripted-issuer.ts'

const key = signingKey('k', 'ES256')
const person: Subject = {
  id: 'idp#carol',
  type: 'human',
  issuer: 'idp',
  groups: ['dba'],
  claims: {},
  on_behalf_of: null,
}
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

suite('token exchange (RFC 8693)', () => {
  let idp: ScriptedIssuer
  let gateway: GatewayTokens
  let exchange: Exchange
  const revocations = { of: (): Revocation | undefined => revoked }
  let revoked: Revocation | undefined
  let form: Readonly<Record<string, string>>
  /** A login that ended, by code, verifier and address. */
  const logins: Pick<SamlLogins, 'redeem'> = {
    redeem: (...given) =>
      given.join(' ') === 'code verifier uri'
        ? { subject: person, issuedAt: noon, expiresAt: noon + 90_000 }
        : undefined,
  }

  before(async () => {
    idp = await scriptedIssuer([key])
    const clock = scriptedClock()
    const issuers = openIssuers([idp.config], clock)
    const secret = createSecretKey(randomBytes(32))
    gateway = gatewayTokens({
      key: secret,
      audience: 'sluice',
      issuers: new Set(['idp']),
      clock,
      ids: systemIds(clock),
    })
    exchange = tokenExchanger({ issuers, gateway, logins, audience: 'sluice', revocations, clock })
    form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: jws(key, { ...goodClaims(idp.url), subject_type: 'human' }),
      subject_token_type: accessToken,
    }
  })
  after(() => idp.close())

  const grant = {
    grant_type: 'authorization_code',
    code: 'code',
    code_verifier: 'verifier',
    redirect_uri: 'uri',
  }
  test('gives the same kind of token for the code of a SAML login', async () => {
    const { status, body } = await exchange(grant)
    assert.deepEqual([status, 'expires_in' in body && body['expires_in']], [200, 90])
    assert.ok('access_token' in body)
    assert.deepEqual(gateway.verify(String(body['access_token'])).subject, person)
  })
  test('binds a token to what its scope says, and says so', async () => {
    const scope = 'target:shop from:10.0.0.0/8'
    for (const parameters of [form, grant]) {
      const { status, body } = await exchange({ ...parameters, scope })
      assert.equal(status, 200)
      assert.ok('access_token' in body)
      assert.equal(body['scope'], scope)
      const { confined } = gateway.verify(String(body['access_token']))
      assert.deepEqual([confined?.targets, confined?.networks], [['shop'], ['10.0.0.0/8']])
    }
  })
  test('gives nothing for what was revoked, nor what is older than that its subject was', async () => {
    const told = { at: noon, until: noon + 1, by: 'idp#root', reason: 'left' }
    const subjectRevoked = { kind: 'subject', subject: 'idp#carol', issuedUpTo: noon, ...told } as const
    const tokenRevoked = { kind: 'token', token: 'idp#jti', fingerprint: 'x', ...told } as const
    for (const [parameters, by] of [
      [grant, subjectRevoked],
      [form, tokenRevoked],
    ] as const) {
      revoked = by
      const { status, body } = await exchange(parameters)
      revoked = undefined
      assert.equal(status, 400)
      assert.match(body['error_description' as keyof typeof body], /revoked/)
    }
  })
  for (const name of ['code', 'code_verifier', 'redirect_uri'])
    test(`T20 gives nothing for a code with another ${name}, or with none`, async () => {
      const rest = Object.fromEntries(Object.entries(grant).filter(([key]) => key !== name))
      for (const form of [{ ...grant, [name]: 'other' }, rest]) {
        const { status, body } = await exchange(form)
        assert.deepEqual([status, body['error' as keyof typeof body]], [400, 'invalid_grant'])
      }
    })

  const mint = (changes: Readonly<Record<string, unknown>>): string =>
    jws(key, { ...goodClaims(idp.url), ...changes })

  test('gives a gateway token for the same subject', async () => {
    const { status, body } = await exchange(form)
    assert.equal(status, 200)
    const { access_token: token, ...rest } = body as { access_token: string }
    assert.deepEqual(rest, {
      issued_token_type: accessToken,
      token_type: 'Bearer',
      expires_in: limits.tokenLifeMs / 1000,
    })
    const { subject } = gateway.verify(token)
    assert.deepEqual([subject.id, subject.type, subject.groups], ['idp#alice', 'human', ['analysts']])
  })

  test('takes what else the RFC allows to say the same', async () => {
    const also = {
      requested_token_type: accessToken,
      audience: 'sluice',
      client_id: 'app',
      scope: '',
      unknown: 'x',
    }
    assert.equal((await exchange({ ...form, ...also })).status, 200)
    const jwt = 'urn:ietf:params:oauth:token-type:jwt'
    assert.equal((await exchange({ ...form, subject_token_type: jwt })).status, 200)
  })

  test('never gives a longer life than the token had', async () => {
    const { body } = await exchange({ ...form, subject_token: mint({ exp: noon / 1000 + 90 }) })
    const answer = body as { expires_in: number; access_token: string }
    assert.equal(answer.expires_in, 90)
    assert.equal(gateway.verify(answer.access_token).expiresAt, noon + 90_000)
  })

  test('keeps who acts for whom', async () => {
    const { body } = await exchange({ ...form, subject_token: mint({ act: { sub: 'agent' } }) })
    const { subject } = gateway.verify((body as { access_token: string }).access_token)
    assert.deepEqual([subject.id, subject.on_behalf_of], ['idp#agent', 'idp#alice'])
  })

  const errors: readonly (readonly [string, () => Readonly<Record<string, string>>, string, RegExp])[] = [
    ['no grant_type', () => ({ grant_type: '' }), 'invalid_request', /grant_type/],
    [
      'another grant',
      () => ({ grant_type: 'client_credentials' }),
      'unsupported_grant_type',
      /token-exchange/,
    ],
    ['no subject_token', () => ({ subject_token: '' }), 'invalid_request', /subject_token/],
    ['no subject_token_type', () => ({ subject_token_type: '' }), 'invalid_request', /subject_token_type/],
    [
      'an ID token type',
      () => ({ subject_token_type: `${accessToken.slice(0, -12)}id_token` }),
      'invalid_request',
      /type/,
    ],
    [
      'a SAML assertion',
      () => ({ requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' }),
      'invalid_request',
      /req/,
    ],
    [
      'an actor token',
      () => ({ actor_token: 'x', actor_token_type: accessToken }),
      'invalid_request',
      /actor/,
    ],
    ['another audience', () => ({ audience: 'payroll' }), 'invalid_target', /gateway/],
    ['a resource', () => ({ resource: 'https://payroll.example' }), 'invalid_target', /gateway/],
    ['a scope', () => ({ scope: 'admin' }), 'invalid_scope', /target:<name>/],
    ['no token', () => ({ subject_token: 'hello' }), 'invalid_request', /not a token/],
    [
      'an expired token',
      () => ({ subject_token: mint({ iat: noon / 1000 - 60, exp: noon / 1000 - 1 }) }),
      'invalid_request',
      /expired/,
    ],
    [
      'a forged token',
      () => ({ subject_token: jws(signingKey('k', 'ES256'), goodClaims(idp.url)) }),
      'invalid_request',
      /signature/,
    ],
    [
      'another audience in the token',
      () => ({ subject_token: mint({ aud: 'x' }) }),
      'invalid_request',
      /audience/,
    ],
  ]
  for (const [what, change, error, description] of errors)
    test(`${what}: ${error}`, async () => {
      const answer = await exchange({ ...form, ...change() })
      assert.equal(answer.status, 400)
      const body = answer.body as { error: string; error_description: string }
      assert.equal(body.error, error)
      assert.match(body.error_description, description)
    })

  test('of groups that do not fit says so, and gives nothing', async () => {
    const groups = Array.from({ length: 150 }, (_, at) => `a-rather-long-group-name-${at}`)
    const { status, body } = await exchange({ ...form, subject_token: mint({ groups }) })
    assert.equal(status, 400)
    assert.match((body as { error_description: string }).error_description, /150 groups .* do not fit/)
  })

  test('T9 of a gateway token is refused: it cannot renew itself', async () => {
    const { body } = await exchange(form)
    const again = await exchange({ ...form, subject_token: (body as { access_token: string }).access_token })
    assert.equal(again.status, 400)
    assert.match((again.body as { error_description: string }).error_description, /cannot be exchanged/)
  })

  test('of parameters that only the prototype has is a request without them', async () => {
    const inherited = Object.create(form) as Readonly<Record<string, string>>
    assert.equal((await exchange(inherited)).status, 400)
  })
})
