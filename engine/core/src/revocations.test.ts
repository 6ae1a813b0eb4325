import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { byToken } from './proof.ts'
import { Refused } from './errors.ts'
import { limits } from './limits.ts'
import type { Identity } from './request.ts'
import { openRevocations, unrevoked, type Revocations } from './revocations.ts'
import { tokenFingerprint } from './revocation.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'

const because = { by: 'idp#carol', reason: 'the laptop is gone' }
const minute = 60_000
const aToken = `tok_${'A'.repeat(26)}`

interface World {
  readonly log: SharedLog
  readonly clock: SteppedClock
  readonly gateway: (writer: string, clock?: SteppedClock) => Promise<Revocations>
}

function world(): World {
  const log = new SharedLog()
  const clock = new SteppedClock()
  const ids = countingIds()
  return {
    log,
    clock,
    gateway: (writer, own = clock) =>
      openRevocations({ store: log.store(writer), clock: own, ids, report: (what) => assert.fail(what) }),
  }
}

function identity(
  change: Partial<Identity> & { readonly sub?: string; readonly for?: string } = {},
): Identity {
  const { sub = 'alice', for: person, ...rest } = change
  const subject = {
    id: `idp#${sub}`,
    type: 'human',
    issuer: 'idp',
    groups: [],
    claims: {},
    on_behalf_of: person === undefined ? null : `idp#${person}`,
  } as const
  return { subject, tokenId: 'tok_other', expiresAt: Number.MAX_SAFE_INTEGER, issuedAt: 0, ...rest }
}

suite('given a token that was revoked', () => {
  test('it counts at no gateway, nor after a restart, and other tokens of its subject do', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    await a.revokeToken(aToken, because)
    await quiet()
    for (const revocations of [a, b, await gateway('gw_c')]) {
      assert.equal(revocations.of(identity({ tokenId: aToken }))?.reason, because.reason)
      assert.equal(revocations.of(identity()), undefined)
    }
  })

  test('neither does what a gateway made from it, and nothing that only looks like it', async () => {
    const revocations = await world().gateway('gw_a')
    await revocations.revokeToken('idp#jti', because)
    const source = tokenFingerprint('idp#jti')
    assert.ok(revocations.of(identity({ madeFrom: ['other', source] })) !== undefined)
    assert.ok(revocations.of(identity({ tokenId: 'idp#jti' })) !== undefined)
    for (const tokenId of ['idp#JTI', 'idp#jti ', 'idp#jt', 'IDP#jti', source])
      assert.equal(revocations.of(identity({ tokenId })), undefined, tokenId)
    assert.equal(revocations.of(identity({ madeFrom: ['idp#jti'] })), undefined)
  })

  for (const [token, life] of [
    [aToken, limits.tokenLifeMs],
    ['idp#jti', limits.issuerTokenLifeMs],
    ['tok_idp#jti', limits.issuerTokenLifeMs],
    ['pwd_', limits.issuerTokenLifeMs],
  ] as const)
    test(`${token.slice(0, 4)}… is remembered for as long as one may live, and not for ever`, async () => {
      const { gateway, clock, log } = world()
      const revocations = await gateway('gw_a')
      await revocations.revokeToken(token, because)
      // Made by a gateway whose clock is ahead, a moment before.
      clock.advance(life + limits.clockSkewMs)
      assert.ok(revocations.of(identity({ tokenId: token })) !== undefined)
      clock.advance(limits.clockSkewMs + limits.revocationSweepMs)
      assert.deepEqual(revocations.list(), [])
      assert.deepEqual((await gateway('gw_b')).list(), [], 'nor by who reads the log anew')
      assert.equal(log.events.length, 1)
    })
})

suite('given a subject whose tokens were revoked', () => {
  test('what was issued before counts no more, whoever shows it, and what is issued later does', async () => {
    const { gateway, clock } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const now = clock.now()
    await a.revokeSubject('idp#alice', because)
    await quiet()
    for (const revocations of [a, b, await gateway('gw_c')]) {
      const counts = (issuedAt: number | undefined, change = {}): boolean =>
        revocations.of({ ...identity(change), ...(issuedAt === undefined ? {} : { issuedAt }) }) === undefined
      assert.ok(!counts(now - 10 * minute))
      assert.ok(!counts(now))
      assert.ok(counts(now + limits.clockSkewMs + 1))
      assert.ok(!counts(now, { sub: 'agent', for: 'alice' }), 'who acts for it')
      assert.ok(counts(now, { sub: 'alice2' }))
      assert.ok(counts(now, { sub: 'Alice' }))
      const { issuedAt: _none, ...ageless } = identity()
      assert.ok(revocations.of(ageless) !== undefined, 'one that does not say how old it is')
    }
  })

  test('clocks that differ let nothing through that was issued before', async () => {
    const { gateway, clock } = world()
    const ahead = new SteppedClock()
    ahead.pass(limits.clockSkewMs)
    const behind = await gateway('gw_behind')
    // By the clock of another gateway or issuer, which is ahead.
    const issuedAt = ahead.now()
    await behind.revokeSubject('idp#alice', because)
    assert.ok(behind.of(identity({ issuedAt })) !== undefined)
    assert.ok(clock.now() < issuedAt)
  })

  test('a later revocation of a gateway whose clock is behind takes nothing back', async () => {
    const { gateway, clock } = world()
    const late = new SteppedClock()
    late.pass(10 * minute)
    const [first, second] = [await gateway('gw_a', late), await gateway('gw_b', clock)]
    await first.revokeSubject('idp#alice', because)
    await quiet()
    await second.revokeSubject('idp#alice', { by: 'idp#dave', reason: 'again' })
    assert.ok(second.of(identity({ issuedAt: late.now() })) !== undefined)
    assert.equal(second.list().length, 1)
  })

  test('it is forgotten when every such token has expired', async () => {
    const { gateway, clock } = world()
    const revocations = await gateway('gw_a')
    await revocations.revokeSubject('idp#alice', because)
    clock.advance(limits.issuerTokenLifeMs + limits.clockSkewMs)
    assert.equal(revocations.list().length, 1)
    clock.advance(limits.clockSkewMs + limits.revocationSweepMs)
    assert.deepEqual(revocations.list(), [])
  })
})

test('whoever listens hears of each, wherever it was recorded', async () => {
  const { gateway } = world()
  const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
  const heard: string[] = []
  const listening = b.onChange((revocation) => heard.push(revocation.kind))
  await a.revokeToken(aToken, because)
  await a.revokeSubject('idp#alice', because)
  await quiet()
  listening[Symbol.dispose]()
  await a.revokeToken(aToken, because)
  await quiet()
  assert.deepEqual(heard, ['token', 'subject'])
})

test('a forged event, which no gateway signed, revokes nothing', async () => {
  const { gateway, log } = world()
  const data = { token: aToken, until_ms: Number.MAX_SAFE_INTEGER, ...because }
  log.record('mallory', 1, { type: 'TokenRevoked', id: 'evt_forged', time: 0, data })
  const [event] = log.events
  assert.ok(event !== undefined)
  log.events[0] = { ...event, sig: null }
  const revocations = await gateway('gw_a')
  assert.equal(revocations.of(identity({ tokenId: aToken })), undefined)
})

test('without a log nothing is revoked, and who asked is told', async () => {
  const { gateway, log } = world()
  const revocations = await gateway('gw_a')
  log.kill('gw_a')
  await assert.rejects(revocations.revokeToken(aToken, because), (error) => {
    assert.ok(error instanceof Refused)
    return error.refusal.code === 'log_unavailable'
  })
  assert.equal(revocations.of(identity({ tokenId: aToken })), undefined)
})

test('none is forgotten to make room: the next is refused, with a way out', async () => {
  const { gateway, clock, log } = world()
  const tokens = Array.from({ length: limits.revokedTokensMax }, (_, at) => `tok_${at}`)
  const until = clock.now() + limits.tokenLifeMs
  for (const [at, token] of tokens.entries()) {
    const data = { token, until_ms: until, ...because, by: `idp#${at % 20}` }
    log.record('gw_b', 1, { type: 'TokenRevoked', id: token, time: 0, data })
  }
  const revocations = await gateway('gw_a')
  await assert.rejects(revocations.revokeToken(aToken, because), /Revoke the subject/)
  await revocations.revokeSubject('idp#alice', because)
  assert.ok(revocations.of(identity({ tokenId: tokens[0] ?? '' })) !== undefined)
  clock.advance(limits.tokenLifeMs + limits.revocationSweepMs)
  await revocations.revokeToken(aToken, because)
})

test('one subject does not take the room of all', async () => {
  const { gateway, clock, log } = world()
  const until = clock.now() + limits.tokenLifeMs
  for (let at = 0; at < limits.revokedTokensBySubjectMax; at++) {
    const data = { token: `tok_${at}`, until_ms: until, ...because, by: 'idp#mallory' }
    log.record('gw_b', 1, { type: 'TokenRevoked', id: data.token, time: 0, data })
  }
  const revocations = await gateway('gw_a')
  await assert.rejects(
    revocations.revokeToken(aToken, { ...because, by: 'idp#mallory' }),
    /Revoke the subject/,
  )
  await revocations.revokeToken(aToken, because)
})

test('an authenticator knows nobody by what was revoked, and says why', async () => {
  const { gateway } = world()
  const revocations = await gateway('gw_a')
  const known = identity({ tokenId: aToken })
  const authenticator = unrevoked({ authenticate: () => Promise.resolve(known) }, revocations)
  assert.equal(await authenticator.authenticate(byToken('x')), known)
  await revocations.revokeToken(aToken, because)
  await assert.rejects(authenticator.authenticate(byToken('x')), (error) => {
    assert.ok(error instanceof Refused)
    const { code, rule, message } = error.refusal
    assert.deepEqual([code, rule], ['token_refused', 'identity/revoked'])
    assert.match(message, /was revoked: get a new one/)
    return true
  })
})
