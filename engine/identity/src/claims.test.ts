import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type Json } from '@sluice/core'
import { checkClaims } from './claims.ts'
import { openIssuers, type IssuerConfig } from './issuer.ts'
import { goodClaims, noon, scriptedClock } from './scripted-issuer.ts'
import { parseObject } from './strict-json.ts'

const url = 'https://idp.example'
const base: IssuerConfig = { name: 'idp', kind: 'oidc', issuer: url, audience: 'sluice' }
const now = noon / 1000

/** The outcome as one word: `ok`, or the rule that refused. */
function outcome(changes: Readonly<Record<string, unknown>>, config: Partial<IssuerConfig> = {}): string {
  const [issuer] = openIssuers([{ ...base, ...config }], scriptedClock()).values()
  assert.ok(issuer)
  // Through JSON, as a token comes: what is undefined is missing, and 1e400 is Infinity.
  const text = JSON.stringify({ ...goodClaims(url), ...changes }).replace('"1e400"', '1e400')
  try {
    checkClaims(parseObject(Buffer.from(text)), issuer, noon)
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof Refused)
    const expected = error.refusal.rule === 'identity/expired' ? 'token_expired' : 'token_refused'
    assert.equal(error.refusal.code, expected)
    return error.refusal.rule.replace('identity/', '')
  }
}

type Case = readonly [
  what: string,
  changes: Readonly<Record<string, unknown>>,
  expected: string,
  Partial<IssuerConfig>?,
]

function table(name: string, cases: readonly Case[]): void {
  suite(name, () => {
    for (const [what, changes, expected, config] of cases)
      test(`${what}: ${expected}`, () => assert.equal(outcome(changes, config), expected))
  })
}

table('T7 audience and authorised party', [
  ['the audience alone', { aud: 'sluice' }, 'ok'],
  ['the audience in a list', { aud: ['sluice'] }, 'ok'],
  ['another application of the same issuer', { aud: 'payroll' }, 'audience'],
  ['a prefix', { aud: 'sluice2' }, 'audience'],
  ['other case', { aud: 'Sluice' }, 'audience'],
  ['none', { aud: undefined }, 'audience'],
  ['an empty list', { aud: [] }, 'audience'],
  ['an object', { aud: { sluice: true } }, 'audience'],
  ['a list with a number', { aud: ['sluice', 1] }, 'audience'],
  ['two, with a client', { aud: ['account', 'sluice'], azp: 'app' }, 'ok'],
  ['two, and nobody says whose', { aud: ['account', 'sluice'], client_id: undefined }, 'authorized_party'],
  ['azp and client_id differ', { azp: 'other', client_id: 'app' }, 'authorized_party'],
  ['azp that is a list', { azp: ['app'], client_id: undefined }, 'authorized_party'],
  ['a listed client', {}, 'ok', { authorized_parties: ['x', 'app'] }],
  ['a client that is not listed', { client_id: 'evil' }, 'authorized_party', { authorized_parties: ['app'] }],
  [
    'no client where some are listed',
    { client_id: undefined },
    'authorized_party',
    { authorized_parties: ['app'] },
  ],
  ['nobody is listed', {}, 'authorized_party', { authorized_parties: [] }],
])

table('T7 tokens of another kind', [
  ['nonce of an ID token', { nonce: 'n' }, 'token_type'],
  ['at_hash of an ID token', { at_hash: 'h' }, 'token_type'],
  ['c_hash of an ID token', { c_hash: 'h' }, 'token_type'],
  ['typ claim ID', { typ: 'ID' }, 'token_type'],
  ['typ claim Refresh', { typ: 'Refresh' }, 'token_type'],
  ['typ claim Bearer', { typ: 'Bearer' }, 'ok'],
  ['T14 bound to a certificate', { cnf: { 'x5t#S256': 'h' } }, 'bound'],
  ['T14 bound to a DPoP key', { cnf: { jkt: 'h' } }, 'bound'],
])

table('T8 times', [
  ['exp in a second', { exp: now + 1 }, 'ok'],
  ['exp now', { iat: now - 60, exp: now }, 'expired'],
  ['exp long ago', { iat: now - 7200, exp: now - 3600 }, 'expired'],
  ['no exp', { exp: undefined }, 'time'],
  ['exp as text', { exp: String(now + 60) }, 'time'],
  ['exp with a fraction', { exp: now + 0.5 }, 'time'],
  ['exp 1e400', { exp: '1e400' }, 'time'],
  ['exp in milliseconds', { exp: noon + 60_000 }, 'time'],
  ['exp beyond what milliseconds can say', { exp: 9_007_199_254_740_991 }, 'time'],
  ['exp negative', { exp: -1 }, 'time'],
  ['exp null', { exp: null }, 'time'],
  ['exp a list', { exp: [now + 60] }, 'time'],
  ['a life of 24 hours', { exp: now + 86_400 }, 'ok'],
  ['a life of 24 hours and a second', { exp: now + 86_401 }, 'time'],
  ['exp before iat', { iat: now + 30, exp: now + 20 }, 'time'],
  ['no iat', { iat: undefined }, 'time'],
  ['iat as text', { iat: String(now) }, 'time'],
  ['iat 60 seconds ahead', { iat: now + 60 }, 'ok'],
  ['iat 61 seconds ahead', { iat: now + 61 }, 'time'],
  ['nbf 60 seconds ahead', { nbf: now + 60 }, 'ok'],
  ['nbf 61 seconds ahead', { nbf: now + 61 }, 'time'],
  ['nbf as text', { nbf: '0' }, 'time'],
  ['nbf null', { nbf: null }, 'time'],
])

table('T12 subject', [
  ['no sub, an e-mail address instead', { sub: undefined, email: 'alice@example.com' }, 'subject'],
  ['an empty sub', { sub: '' }, 'subject'],
  ['a number', { sub: 7 }, 'subject'],
  ['a line break', { sub: 'alice\nroot' }, 'subject'],
  ['a direction override', { sub: 'alice\u202e' }, 'subject'],
  ['half a character', { sub: 'alice\ud800' }, 'subject'],
  ['256 characters', { sub: 'x'.repeat(256) }, 'ok'],
  ['257 characters', { sub: 'x'.repeat(257) }, 'subject'],
  ['a jti that is a number', { jti: 7 }, 'malformed'],
])

test('an object key that JavaScript treats specially is an ordinary claim', () => {
  const claims = parseObject(Buffer.from('{"__proto__":{"aud":"sluice"}}'))
  const [issuer] = openIssuers([base], scriptedClock()).values()
  assert.ok(issuer)
  assert.equal((claims as { readonly aud?: Json }).aud, undefined)
  assert.throws(() => checkClaims(claims, issuer, noon), Refused)
})
