import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { byToken } from './proof.ts'
import { Refused } from './errors.ts'
import { limits } from './limits.ts'
import type { Identity } from './request.ts'
import { concerns, type Revocation, type TokenRevocation } from './revocation.ts'
import type { Revocations } from './revocations.ts'
import { allow, scriptedExchange } from './scripted.ts'
import { confinedTo, hello, identity, types, world, type World } from './scripted-gate.ts'
import type { LiveSession } from './session.ts'

/** Revocations that a test makes, as if the log told of them. */
class ToldRevocations implements Pick<Revocations, 'of' | 'onChange'> {
  readonly #told: Revocation[] = []
  readonly #listeners = new Set<(revocation: Revocation) => void>()

  tell(revocation: Revocation): void {
    this.#told.push(revocation)
    for (const listener of this.#listeners) listener(revocation)
  }

  of(one: Identity): Revocation | undefined {
    return this.#told.find((revocation) => concerns(revocation, one))
  }

  onChange(listener: (revocation: Revocation) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}

const told = { at: 1_000, until: 1_000_000, by: 'okta#carol', reason: 'leaked' }

function token(id: string): TokenRevocation {
  return { kind: 'token', token: id, fingerprint: `of ${id}`, ...told }
}

function subject(sub: string, issuedUpTo = 5_000): Revocation {
  return { kind: 'subject', subject: `okta#${sub}`, issuedUpTo, ...told }
}

function opened(): World & { readonly revocations: ToldRevocations } {
  const revocations = new ToldRevocations()
  return { ...world({}, () => allow, { revocations }), revocations }
}

async function live(at: World, proof = hello.proof): Promise<LiveSession<unknown>> {
  const { id } = await at.engine.open({ ...hello, proof })
  const session = at.engine.session(id)
  assert.ok(session !== undefined)
  return session
}

const refusedAs = (rule: string) => (error: unknown) =>
  error instanceof Refused && error.refusal.rule === rule

suite('given a live session', () => {
  test('when its token is revoked, then it ends at once and nothing is done in it', async () => {
    const at = opened()
    const session = await live(at)
    at.revocations.tell(token(session.identity.tokenId))
    assert.equal(session.ending.requested?.rule, 'identity/revoked')
    const [admission] = session
      .lane()
      .submit([scriptedExchange({ upstream: [], client: [] }, 'select')], false)
    assert.equal((await admission?.done)?.outcome, 'refused')
  })

  test('when its token is revoked in the middle of an answer, then that is stopped without grace', async () => {
    const at = opened()
    const session = await live(at)
    let stopped: string | undefined
    const gate = Promise.withResolvers<void>()
    const slow = scriptedExchange({ upstream: [], client: [] }, 'select', [], {
      forward: (permit, _plan, _body, stop) => {
        permit.spend(Buffer.from('select'))
        stop.on((reason) => {
          stopped = reason
          gate.resolve()
        })
        return (async function* () {
          await gate.promise
          yield 'cut short'
        })()
      },
    })
    const [admission] = session.lane().submit([slow], false)
    await admission?.admitted
    at.revocations.tell(token(session.identity.tokenId))
    at.clock.advance(0)
    assert.equal(stopped, 'ending')
    await admission?.done
  })

  test('when another token of its subject is revoked, then it goes on', async () => {
    const at = opened()
    const session = await live(at)
    at.revocations.tell(token('tok_another'))
    at.revocations.tell(subject('bob'))
    assert.equal(session.ending.requested, undefined)
  })

  test('when the token is revoked by which it was opened, then no later token keeps it', async () => {
    const at = opened()
    const session = await live(at)
    const first = session.identity.tokenId
    await session.extend(identity('alice', 500_000))
    assert.notEqual(session.identity.tokenId, first)
    at.revocations.tell(token(first))
    assert.equal(session.ending.requested?.rule, 'identity/revoked')
  })

  test('when the person is revoked for whom its subject acts, then it ends', async () => {
    const at = opened()
    const session = await live(at, byToken('delegated'))
    at.revocations.tell(subject('alice'))
    assert.equal(session.ending.requested?.rule, 'identity/revoked')
  })

  test('when it is extended by a token that was revoked, also just while that is recorded, then it is not', async () => {
    const at = opened()
    const session = await live(at)
    const fresh = { ...identity('alice', 500_000), issuedAt: 9_000 }
    const extending = session.extend(fresh)
    at.revocations.tell(token(fresh.tokenId))
    await assert.rejects(extending, refusedAs('identity/revoked'))
    assert.notEqual(session.identity.tokenId, fresh.tokenId)
    await assert.rejects(session.extend(fresh), refusedAs('identity/revoked'))
  })
})

suite('given a revocation', () => {
  test('when a session is begun by what it concerns, then it is refused and recorded as that', async () => {
    const at = opened()
    at.revocations.tell(subject('alice'))
    await assert.rejects(at.engine.open(hello), refusedAs('identity/revoked'))
    assert.deepEqual(types(at.events), ['AuthenticationFailed'])
    assert.equal(at.engine.sessions().length, 0)
  })

  test('when it arrives while the token is looked at, then no session comes of it', async () => {
    const at = opened()
    const opening = at.engine.open(hello)
    at.revocations.tell(token(identity().tokenId))
    await assert.rejects(opening, refusedAs('identity/revoked'))
    assert.equal(at.engine.sessions().length, 0)
  })

  test('when it arrives while the session is recorded, then that session is over', async () => {
    const revocations = new ToldRevocations()
    const at = world({}, () => allow, { revocations })
    const opening = at.engine.open(hello)
    // The token was looked at, and SessionOpened is on its way.
    while (at.engine.sessions().length === 0) await Promise.resolve()
    revocations.tell(token(identity().tokenId))
    const { id } = await opening
    assert.equal(at.engine.session(id)?.ending.requested?.rule, 'identity/revoked')
  })
})

suite('given a bound token', () => {
  const bound = (change: object): Identity => ({
    ...identity('alice', 500_000),
    confined: { ...confinedTo(['shop']), ...change },
  })

  test('when it extends what it could not have opened, then it does not', async () => {
    const session = await live(opened())
    const before = session.identity.tokenId
    for (const [change, rule] of [
      [{ targets: ['shop-api'] }, 'identity/target'],
      [{ targets: [] }, 'identity/target'],
      [{ networks: ['192.0.2.0/24'] }, 'identity/address'],
    ] as const)
      await assert.rejects(session.extend(bound(change)), refusedAs(rule))
    assert.equal(session.identity.tokenId, before)
    await session.extend(bound({ networks: ['127.0.0.0/8'] }))
    assert.equal(session.confined, null)
  })

  test('when what it opened is extended by one that is not bound, then that is where it was, and no more', async () => {
    const session = await live(opened(), byToken('only shop'))
    await session.extend(identity('alice', 500_000))
    assert.deepEqual(session.confined, confinedTo(['shop']))
  })
})

suite('given extensions without an end', () => {
  const recorded = ({ events }: World): number =>
    events.filter(({ type }) => type === 'SessionExtended').length

  test('when the same token comes again, then nothing is recorded unless it gives more time', async () => {
    const at = opened()
    const session = await live(at)
    const { identity: same } = session
    for (let times = 0; times < 50; times++)
      await session.extend({ ...same, expiresAt: same.expiresAt + limits.extensionGainMsMin - 1 })
    assert.equal(recorded(at), 0)
    await session.extend({ ...same, expiresAt: same.expiresAt + limits.extensionGainMsMin })
    assert.equal(recorded(at), 1)
    assert.equal(session.identity.expiresAt, same.expiresAt + limits.extensionGainMsMin)
  })

  test('when two tokens take turns, then soon one is refused, and the session goes on', async () => {
    const at = opened()
    const session = await live(at)
    const turns = [identity('alice', 500_000), identity('alice', 500_001)] as const
    let refusals = 0
    for (let turn = 0; turn < 60; turn++)
      await session.extend(turns[turn % 2] ?? turns[0]).catch((error: unknown) => {
        assert.ok(error instanceof Refused)
        assert.equal(error.refusal.code, 'too_many')
        refusals += 1
      })
    assert.equal(recorded(at), limits.extensionsBurst)
    assert.ok(refusals > 0)
    assert.equal(session.ending.requested, undefined)
    at.clock.advance(10_000)
    await session.extend(identity('alice', 600_000))
    assert.equal(session.identity.expiresAt, 600_000)
  })
})

test('what a session heard unasked is recorded before its end, however much it was', async () => {
  const at = opened()
  const session = await live(at)
  const lane = session.lane()
  for (let messages = 0; messages < limits.asideChunksMax + 5; messages++)
    void lane.aside(1, Buffer.from('x'))
  await session.close('gone')
  const recorded = types(at.events).filter((type) => type === 'RecordingChunk')
  assert.equal(recorded.length, limits.asideChunksMax + 1)
  assert.equal(types(at.events).at(-1), 'SessionClosed')
})
