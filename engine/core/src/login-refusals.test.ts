import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { refusal } from './errors.ts'
import type { EventData, NewEvent } from './events.ts'
import { limits } from './limits.ts'
import { StoreError } from './ports.ts'
import { byToken } from './proof.ts'
import { hello, world, type World } from './scripted-gate.ts'

async function tries(of: World, times: number, ip = '10.0.0.9', target = 'shop'): Promise<void> {
  for (let count = 0; count < times; count++)
    await of.engine
      .open({ ...hello, proof: byToken('stolen'), target, client: { ip, application: null } })
      .catch(() => {})
}

function all<T extends NewEvent['type']>({ events }: World, type: T): readonly EventData[T][] {
  return events.flatMap((event) => (event.type === type ? [event.data as EventData[T]] : []))
}

async function told({ clock }: World): Promise<void> {
  clock.advance(limits.countedMs)
  await turn()
}

const burst = limits.loginRefusalsBurst

suite('refused logins', () => {
  test('are recorded one by one, of one address so many', async () => {
    const gate = world()
    await tries(gate, burst + 70)
    await tries(gate, 3, '10.0.0.8')
    assert.equal(all(gate, 'AuthenticationFailed').length, burst + 3)
    await told(gate)
    assert.deepEqual(all(gate, 'LoginsRefused'), [
      {
        gateway: 'gw',
        refused: 70,
        from_ms: 1_000,
        until_ms: 1_000,
        addresses: [{ client_ip: '10.0.0.9', refused: 70 }],
        reasons: [{ reason: 'identity/signature', refused: 70 }],
      },
    ])
  })

  test('and whoever is refused before there is a login share one budget', async () => {
    const gate = world()
    const stranger = { protocol: 'http', target: '', client: { ip: '10.0.0.9', application: null } }
    const unreadable = refusal('malformed', 'http/syntax', 'No.')
    for (let count = 0; count < burst; count++) gate.engine.refused(stranger, unreadable)
    await tries(gate, 4)
    gate.engine.refused(stranger, unreadable)
    const recorded = all(gate, 'AuthenticationFailed')
    assert.equal(recorded.length, burst)
    assert.deepEqual(recorded[0], {
      protocol: 'http',
      target: '',
      client_ip: '10.0.0.9',
      code: 'malformed',
      reason: 'http/syntax',
    })
    await told(gate)
    const [counted = assert.fail('nothing is told')] = all(gate, 'LoginsRefused')
    assert.deepEqual(counted.reasons, [
      { reason: 'identity/signature', refused: 4 },
      { reason: 'http/syntax', refused: 1 },
    ])
  })

  test('of all addresses so many, however many there are', async () => {
    const gate = world()
    const addresses = limits.loginRefusalsAllBurst + 300
    for (let address = 0; address < addresses; address++) await tries(gate, 1, `2001:db8::${address}`)
    assert.equal(all(gate, 'AuthenticationFailed').length, limits.loginRefusalsAllBurst)
    await told(gate)
    const [{ refused, addresses: named } = assert.fail('nothing is told')] = all(gate, 'LoginsRefused')
    assert.equal(refused, 300)
    assert.equal(named.length, limits.countedNamesMax + 1)
    assert.deepEqual(named.at(-1), { client_ip: 'other', refused: 300 - limits.countedNamesMax })
  })

  test('are told once the log is back, and at the end of the gateway', async () => {
    const gate = world()
    await tries(gate, burst + 5)
    gate.store.failure = new StoreError('unavailable', 'no log')
    await told(gate)
    gate.store.failure = undefined
    await told(gate)
    await tries(gate, burst)
    await gate.engine.drain(0)
    const counts = all(gate, 'LoginsRefused').map(({ refused }) => refused)
    assert.deepEqual(counts, [5, burst - (2 * limits.loginRefusalsPerSecond * limits.countedMs) / 1_000])
  })

  test('say so much of what they asked for and no more', async () => {
    const gate = world()
    await tries(gate, 1, '::1', 'x'.repeat(10_000))
    assert.equal(all(gate, 'AuthenticationFailed')[0]?.target.length, limits.loginTargetCharsMax)
  })
})
