import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { ScriptedVault, TimedClock } from './scripted-vault.ts'
import { Lease } from './vault-lease.ts'

interface Lent {
  readonly lease: Lease
  readonly clock: TimedClock
  readonly vault: ScriptedVault
  readonly by: { live: boolean; readonly headers: Readonly<Record<string, string>> }
  readonly over: () => number
}

function lent(answer: ScriptedVault['answer'], renewable = true): Lent {
  const [clock, vault] = [new TimedClock(), new ScriptedVault(answer)]
  const by = { live: true, headers: { 'x-vault-token': 't' } }
  let over = 0
  const lease = new Lease({
    id: 'l',
    lifeMs: 60_000,
    renewable,
    by,
    ask: vault.ask,
    clock,
    over: () => void (over += 1),
  })
  return { lease, clock, vault, by, over: () => over }
}

const renewed = (seconds: number) => () => ({ status: 200, json: { lease_duration: seconds } })

suite('a lease', () => {
  test('is renewed for as long as Vault lets it', async () => {
    const { lease, clock, vault, over } = lent(renewed(60))
    await clock.advance(3_600_000)
    assert.ok(lease.live)
    assert.equal(over(), 0)
    assert.equal(vault.asked.length, 90, 'every forty seconds')
    assert.deepEqual(new Set(vault.asked), new Set(['sys/leases/renew t']))
  })

  test('begins nothing new shortly before it ends', async () => {
    const { lease, clock } = lent(() => assert.fail('it cannot be renewed'), false)
    await clock.advance(53_000)
    assert.ok(lease.live)
    await clock.advance(2_000)
    assert.ok(!lease.live)
  })

  test('whose greatest age comes near is renewed for less, and ends', async () => {
    let left = 3
    const { lease, clock, over } = lent(() =>
      left-- > 0 ? { status: 200, json: { lease_duration: left * 10 } } : { status: 400, json: {} },
    )
    await clock.advance(120_000)
    assert.ok(!lease.live)
    assert.equal(over(), 1)
    assert.equal(clock.waiting, 0)
  })

  test('outlives a Vault that is away for a while', async () => {
    let away = true
    const { lease, clock } = lent(() => (away ? null : renewed(60)()))
    await clock.advance(45_000)
    away = false
    await clock.advance(60_000)
    assert.ok(lease.live)
  })

  test('ends when nobody has renewed it in time', async () => {
    const { lease, clock, over } = lent(() => ({ status: 503, json: {} }))
    await clock.advance(70_000)
    assert.ok(!lease.live)
    assert.equal(over(), 1)
    assert.equal(clock.waiting, 0)
  })

  test('is over at once when Vault no longer knows it, and with the token that took it', async () => {
    const { lease, clock } = lent(() => ({ status: 403, json: {} }))
    await clock.advance(41_000)
    assert.ok(!lease.live)
    const other = lent(renewed(60))
    other.by.live = false
    assert.ok(!other.lease.live)
  })

  test('in whose place another one is lives on for what is left of it', async () => {
    const { lease, clock, vault, over } = lent(renewed(60))
    await clock.advance(50_000)
    lease.leave()
    await clock.advance(40_000)
    assert.deepEqual([lease.live, over(), vault.asked.length], [true, 0, 1])
    await clock.advance(20_000)
    assert.deepEqual([lease.live, over(), vault.asked.length, clock.waiting], [false, 1, 1, 0])
    lease.leave()
    assert.equal(clock.waiting, 0)
  })

  test('that is left while it is renewed is not renewed again', async () => {
    const waiting = Promise.withResolvers<void>()
    const slow = lent(renewed(60))
    const ask = slow.vault.ask
    const lease = new Lease({
      id: 'l',
      lifeMs: 60_000,
      renewable: true,
      by: slow.by,
      ask: (path, asked) => waiting.promise.then(() => ask(path, asked)),
      clock: slow.clock,
      over: () => {},
    })
    slow.lease.leave()
    await slow.clock.advance(41_000)
    lease.leave()
    waiting.resolve()
    await slow.clock.advance(3_600_000)
    assert.deepEqual([slow.vault.asked.length, lease.live, slow.clock.waiting], [1, false, 0])
  })

  test('that is given back is renewed no more', async () => {
    const { lease, clock, vault } = lent(() => null)
    await lease.revoke()
    await clock.advance(3_600_000)
    assert.deepEqual(vault.asked, ['sys/leases/revoke t'])
  })
})
