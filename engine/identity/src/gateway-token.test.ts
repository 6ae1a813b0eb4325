import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import {
  concerns,
  limits,
  Refused,
  subjectRevocation,
  systemClock,
  systemIds,
  tokenFingerprint,
  type Subject,
} from '@sluice/core'
import { gatewayTokens, type GatewayTokens, type Vouched } from './gateway-token.ts'
import { noon, scriptedClock } from './scripted-issuer.ts'

const alice: Subject = {
  id: 'idp#alice',
  type: 'human',
  issuer: 'idp',
  groups: ['analysts', 'dba'],
  claims: { client_id: 'app' },
  on_behalf_of: null,
}
const key = createSecretKey(randomBytes(32))
const far = noon + 86_400_000

function vouched(subject: Subject, expiresAt: number): Vouched {
  return { subject, issuedAt: noon, expiresAt }
}

function tokens(changes: Partial<Parameters<typeof gatewayTokens>[0]> = {}): GatewayTokens {
  const clock = scriptedClock()
  return gatewayTokens({
    key,
    audience: 'sluice',
    issuers: new Set(['idp']),
    clock,
    ids: systemIds(clock),
    ...changes,
  })
}

function refusedBy(verify: () => unknown, rule: string, code = 'token_refused'): void {
  assert.throws(verify, (error) => {
    assert.ok(error instanceof Refused, String(error))
    assert.deepEqual([error.refusal.code, error.refusal.rule], [code, `identity/${rule}`])
    return true
  })
}

test('a gateway token says what was minted into it', () => {
  const gateway = tokens()
  for (const subject of [
    alice,
    { ...alice, type: 'service', groups: [], claims: {}, on_behalf_of: 'idp#bob' },
  ] as const) {
    const { token, identity } = gateway.mint(vouched(subject, far))
    assert.match(token, /^slu_[A-Za-z0-9_-]+$/)
    assert.deepEqual(gateway.verify(token), identity)
    assert.deepEqual(identity.subject, subject)
    assert.match(identity.tokenId, /^tok_[0-9A-HJKMNP-TV-Z]{26}$/)
  }
})

test('a gateway token is as old as what it was made from, and names that by a fingerprint', () => {
  const gateway = tokens()
  const from = { subject: alice, issuedAt: noon - 3_600_000, expiresAt: far, tokenId: 'idp#jti' }
  const { token } = gateway.mint(from)
  const { issuedAt, madeFrom } = gateway.verify(token)
  assert.deepEqual([issuedAt, madeFrom], [noon - 3_600_000, [tokenFingerprint('idp#jti')]])
  assert.ok(!Buffer.from(token.slice(4), 'base64url').includes('jti'))
})

test('a token of a version that did not say its age is older than any revocation', () => {
  const { id: sub, type: typ, issuer: iss } = alice
  const payload = Buffer.from(
    JSON.stringify({ id: 'tok_1', aud: 'sluice', exp: noon / 1000 + 60, sub, typ, iss }),
  )
  const tag = createHmac('sha256', key).update(payload).digest()
  const identity = tokens().verify(`slu_${Buffer.concat([tag, payload]).toString('base64url')}`)
  const because = { by: 'idp#root', reason: 'left us' }
  const revoked = { subject: sub, issued_up_to_ms: noon, until_ms: far, ...because }
  assert.ok(concerns(subjectRevocation(revoked, noon), identity))
})

test('a bound token says to what, and one that is not bound to nothing', () => {
  const gateway = tokens()
  const of = (binding: Parameters<GatewayTokens['mint']>[1]) =>
    gateway.verify(gateway.mint(vouched(alice, far), binding).token).confined
  assert.equal(of({}), undefined)
  const rest = { command: null, permits: null }
  assert.deepEqual(of({ targets: ['shop'] }), { targets: ['shop'], ...rest })
  assert.deepEqual(of({ networks: ['::1'] }), { targets: null, networks: ['::1'], ...rest })
  const many = Array.from({ length: 20 }, (_, at) => `target-with-a-long-name-${at}`)
  refusedBy(() => gateway.mint(vouched(alice, far), { targets: many }), 'groups_too_long')
})

test('each token has its own id', () => {
  const gateway = tokens()
  assert.notEqual(
    gateway.mint(vouched(alice, far)).identity.tokenId,
    gateway.mint(vouched(alice, far)).identity.tokenId,
  )
})

suite('T9 its life', () => {
  test('is 15 minutes at most, and never longer than that of the token it was made from', () => {
    assert.equal(tokens().mint(vouched(alice, far)).identity.expiresAt, noon + limits.tokenLifeMs)
    assert.equal(tokens().mint(vouched(alice, noon + 60_500)).identity.expiresAt, noon + 60_000)
  })
  test('is over at its end, to the millisecond', () => {
    const clock = scriptedClock()
    const gateway = tokens({ clock, ids: systemIds(clock) })
    const { token } = gateway.mint(vouched(alice, far))
    clock.advance(limits.tokenLifeMs - 1)
    gateway.verify(token)
    clock.advance(1)
    refusedBy(() => gateway.verify(token), 'expired', 'token_expired')
  })
  test('is not begun when nothing is left of it', () => {
    refusedBy(() => tokens().mint(vouched(alice, noon)), 'expired', 'token_expired')
    refusedBy(() => tokens().mint(vouched(alice, noon + 999)), 'expired', 'token_expired')
  })
})

suite('a token that this gateway did not make', () => {
  test('is refused, whatever byte differs', () => {
    const gateway = tokens()
    const { token } = gateway.mint(vouched(alice, far))
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let at = 4; at < token.length; at++) {
      const other = alphabet[(alphabet.indexOf(token.charAt(at)) + 1) % 64] ?? ''
      refusedBy(() => gateway.verify(token.slice(0, at) + other + token.slice(at + 1)), 'signature')
    }
  })
  test('is refused, whatever it is', () => {
    const gateway = tokens()
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 1000 }), fc.base64String({ maxLength: 1000 })), (text) => {
        refusedBy(() => gateway.verify(text), 'signature')
        refusedBy(() => gateway.verify(`slu_${text}`), 'signature')
      }),
      { numRuns: 2000 },
    )
  })
  test('is refused in any other spelling', () => {
    const gateway = tokens()
    const { token } = gateway.mint(vouched(alice, far))
    for (const spelling of [
      `${token}=`,
      `${token} `,
      `${token}\n`,
      ` ${token}`,
      token.replace('slu_', 'SLU_'),
      `${token}AA`,
    ])
      refusedBy(() => gateway.verify(spelling), 'signature')
  })
  test('is refused under another key', () => {
    const other = tokens({ key: createSecretKey(randomBytes(32)) })
    refusedBy(() => tokens().verify(other.mint(vouched(alice, far)).token), 'signature')
  })
  test('is refused when its tag is of the bytes with the key as text', () => {
    const payload = Buffer.from(
      '{"id":"t","aud":"sluice","exp":99999999999,"sub":"idp#root","typ":"human","iss":"idp"}',
    )
    const tag = createHmac('sha256', '').update(payload).digest()
    refusedBy(
      () => tokens().verify(`slu_${Buffer.concat([tag, payload]).toString('base64url')}`),
      'signature',
    )
  })
})

test('a token for another installation is refused', () => {
  const { token } = tokens({ audience: 'staging' }).mint(vouched(alice, far))
  refusedBy(() => tokens().verify(token), 'audience')
})

test('a token dies with the issuer that its subject came from', () => {
  const { token } = tokens().mint(vouched(alice, far))
  refusedBy(() => tokens({ issuers: new Set(['other']) }).verify(token), 'unknown_issuer')
})

test('a token fits in a password of OpenSSH, or is not made and says why', () => {
  const gateway = tokens()
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 60 }), (groups) => {
      let token: string
      try {
        token = gateway.mint(vouched({ ...alice, groups }, far)).token
      } catch (error) {
        assert.ok(error instanceof Refused)
        assert.equal(error.refusal.rule, 'identity/groups_too_long')
        assert.match(error.refusal.message, new RegExp(`^The ${groups.length} groups`))
        return
      }
      assert.ok(token.length <= limits.gatewayTokenBytesMax)
      assert.deepEqual(gateway.verify(token).subject.groups, groups)
    }),
  )
  const ordinary = Array.from({ length: 20 }, (_, at) => `department-${at}-group`)
  assert.ok(
    gateway.mint(vouched({ ...alice, groups: ordinary }, far)).token.length <= limits.gatewayTokenBytesMax,
  )
})

test('a check is cheap enough for every request', () => {
  const gateway = tokens({ clock: systemClock, ids: systemIds(systemClock) })
  const { token } = gateway.mint(vouched(alice, Date.now() + 600_000))
  const rounds = 4_000
  const batches = Array.from({ length: 6 }, () => {
    const started = performance.now()
    for (let round = 0; round < rounds; round++) gateway.verify(token)
    return ((performance.now() - started) * 1000) / rounds
  })
  const micros = Math.min(...batches)
  // A loose bound, for machines that are busy with something else; a public-key signature would be above it.
  assert.ok(micros < 60, `${micros.toFixed(1)} µs`)
})
