import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  Incarnations,
  systemClock,
  systemIds,
  type EventData,
  type EventType,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import type { InForce } from '@sluice/policy'
import { PolicyFollower } from './policy-follower.ts'
import { PolicyLog } from './policy-log.ts'

interface Written {
  readonly writer?: string
  readonly signed?: boolean
  readonly id?: string | undefined
}

/** A control stream that a test writes, and what a gateway that follows it puts in force. */
function scripted() {
  const events: RecordedEvent[] = []
  const reports: string[] = []
  const followed: (string | undefined)[] = []
  let failures = 0
  let wake = Promise.withResolvers<void>()
  async function* subscribe(after: Position | undefined, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    for (let at = Number(after ?? 0); !signal.aborted;) {
      if (failures > 0) {
        failures--
        throw new Error('brokers are gone')
      }
      const event = events[at]
      if (event !== undefined) {
        at++
        yield event
        continue
      }
      const left = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => left.resolve(), { once: true })
      await Promise.race([wake.promise, left.promise])
    }
  }
  const clock = {
    ...systemClock,
    after: (_ms: number, callback: () => void) => systemClock.after(1, callback),
  }
  const append = Promise.withResolvers<Position>()
  const ids: string[] = []
  const given = systemIds(clock)
  const next = (prefix: string): string => {
    const id = given.next(prefix)
    ids.push(id)
    return id
  }
  const policies = new PolicyLog({
    store: { append: () => append.promise, read: () => assert.fail('nothing is read') },
    clock,
    ids: { ...given, next },
    shared: true,
  })
  const follower = new PolicyFollower({
    store: { subscribe },
    clock,
    report: (what) => reports.push(what),
    policies,
    incarnations: new Incarnations(),
    pdp: { follow: async (last: () => InForce | null) => void followed.push(last()?.revision) },
  })
  const write = <T extends EventType>(
    type: T,
    data: EventData[T],
    { writer = 'gw_a', signed = true, id }: Written = {},
  ): void => {
    const position = String(events.length + 1) as Position
    const rest = { id: id ?? `evt_${position}`, stream: 'control', seq: 0, epoch: 1, time: 1, position }
    const sig = signed ? new Uint8Array(1) : null
    events.push({ ...rest, writer, type, data, sig } as unknown as RecordedEvent)
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const activated = (revision: string, of = revision, by = 'i#carol'): EventData['PolicyActivated'] => ({
    revision,
    compiler: 'opa',
    bundle: JSON.stringify({ 'a.rego': `package a # ${of}`, 'data.json': '{}' }),
    by,
    reason: 'r',
  })
  const until = async (count: number): Promise<void> => {
    while (followed.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const fail = (): void => {
    failures = 1
    wake.resolve()
    wake = Promise.withResolvers()
  }
  return { append, ids, follower, followed, policies, reports, write, activated, until, fail }
}

suite('the policies of a log that others share', () => {
  test('are followed in its order, over a failure of the log', async () => {
    const log = scripted()
    log.write('PolicyActivated', log.activated('r1'))
    await log.until(1)
    log.fail()
    log.write('PolicyActivated', log.activated('r2'))
    await log.until(2)
    assert.deepEqual(log.followed, ['r1', 'r2'])
    assert.deepEqual(log.reports, ['the policies of the log could not be followed; trying again'])
    assert.deepEqual(
      log.policies.revisions().map(({ revision }) => revision),
      ['r2', 'r1'],
    )
    await log.follower.close()
  })

  test('are not those that nobody signed, or that a lost gateway put in force', async () => {
    const log = scripted()
    log.write('PolicyActivated', log.activated('forged'), { signed: false })
    log.write('GatewayLost', { writer: 'gw_b', epoch: 1, resumes: 0 })
    log.write('PolicyActivated', log.activated('late'), { writer: 'gw_b' })
    log.write('PolicyActivated', log.activated('good'))
    await log.until(1)
    assert.deepEqual(log.followed, ['good'])
    await log.follower.close()
  })

  test('are not taken back by a start that compiled what was in force, and was late', async () => {
    const log = scripted()
    log.write('PolicyActivated', log.activated('r1'))
    log.write('PolicyActivated', log.activated('r2'))
    log.write('PolicyActivated', log.activated('r1 of another version', 'r1', 'gateway'))
    await log.until(3)
    assert.equal(log.followed.at(-1), 'r2')
    log.write('PolicyActivated', log.activated('r2 of another version', 'r2', 'gateway'))
    await log.until(4)
    assert.equal(log.followed.at(-1), 'r2 of another version')
    await log.follower.close()
  })

  test('are the last in the log also where an acknowledgement comes after what follows it', async () => {
    const log = scripted()
    const files = { 'a.rego': 'package a # own', 'data.json': '{}' }
    const own = { revision: 'own', compiler: 'opa', files, data: '{}', wasm: new Uint8Array(), reads: [] }
    const recorded = log.policies.activated(own, 'files')
    log.write('PolicyActivated', log.activated('own'), { id: log.ids.at(-1) })
    log.write('PolicyActivated', log.activated('later'))
    await log.until(2)
    log.append.resolve('1' as Position)
    await recorded
    assert.equal(log.policies.inForce?.revision, 'later')
    await log.follower.close()
  })
})
