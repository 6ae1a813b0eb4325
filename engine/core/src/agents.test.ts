import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openAgents, type Agents } from './agents.ts'
import { Refused, type Refusal } from './errors.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'
import { StoreError } from './ports.ts'

const secret = 'a'.repeat(64)
const publicKey = 'b'.repeat(64)
const because = { by: 'idp#carol', reason: 'retired' }
const joining = { version: '1.0.0', clientIp: '10.0.0.1', allows: ['db:5432'] }
const hour = 3_600_000

interface World {
  readonly log: SharedLog
  readonly clock: SteppedClock
  readonly gateway: (writer: string, epoch?: number) => Promise<Agents>
}

function world(): World {
  const log = new SharedLog()
  const clock = new SteppedClock()
  const ids = countingIds()
  return {
    log,
    clock,
    gateway: (writer, epoch = 1) =>
      openAgents({
        store: log.store(writer, epoch),
        writer,
        epoch,
        clock,
        ids,
        report: (what) => assert.fail(what),
      }),
  }
}

async function enrolled(agents: Agents, name = 'vpc'): Promise<string> {
  const { id } = await agents.invite(name, secret, hour, 'idp#carol')
  await agents.enrol({ agent: id, secret, publicKey, clientIp: '10.0.0.1' })
  return id
}

const refusedBy =
  (rule: string, code: Refusal['code'] = 'token_refused') =>
  (error: unknown): true => {
    assert.ok(error instanceof Refused, String(error))
    assert.deepEqual([error.refusal.rule, error.refusal.code], [rule, code])
    return true
  }

suite('agents of several gateways', () => {
  test('who was invited at one may enrol at another, and is known at a third that comes later', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.invite('vpc', secret, hour, 'idp#carol')
    await quiet()
    const agent = await b.enrol({ agent: id, secret, publicKey, clientIp: '10.0.0.1' })
    await quiet()
    for (const agents of [a, b, await gateway('gw_c')]) {
      assert.deepEqual(agents.find(id), agent)
      assert.deepEqual(agents.list(), [agent])
    }
    assert.deepEqual([agent.name, agent.state, agent.publicKey], ['vpc', 'enrolled', publicKey])
  })

  test('of two that show the same token at two gateways at once the first in the log is the agent', async () => {
    const { log, gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.invite('vpc', secret, hour, 'idp#carol')
    await quiet()
    log.manual = true
    const one = a.enrol({ agent: id, secret, publicKey, clientIp: '10.0.0.1' })
    const other = b.enrol({ agent: id, secret, publicKey: 'c'.repeat(64), clientIp: '10.0.0.2' })
    const late = assert.rejects(one, refusedBy('agent/token_used'))
    await quiet()
    log.commit(1)
    log.commit(0)
    for (const writer of ['gw_a', 'gw_b']) log.deliver(writer)
    assert.equal((await other).publicKey, 'c'.repeat(64))
    await late
    assert.equal(a.find(id)?.publicKey, 'c'.repeat(64))
  })

  test('an invitation needs its secret, ends in time, and is good for one key', async () => {
    const { gateway, clock } = world()
    const agents = await gateway('gw_a')
    const clientIp = '10.0.0.1'
    const { id } = await agents.invite('vpc', secret, hour, 'idp#carol')
    const other = await agents.invite('vpc', secret, hour, 'idp#carol')
    const wrong = agents.enrol({ agent: id, secret: 'd'.repeat(64), publicKey, clientIp })
    await assert.rejects(wrong, refusedBy('agent/token'))
    const unknown = agents.enrol({ agent: 'agt_nobody', secret, publicKey, clientIp })
    await assert.rejects(unknown, refusedBy('agent/token'))
    await agents.enrol({ agent: id, secret, publicKey, clientIp })
    assert.equal((await agents.enrol({ agent: id, secret, publicKey, clientIp })).id, id)
    const second = agents.enrol({ agent: id, secret, publicKey: 'c'.repeat(64), clientIp })
    await assert.rejects(second, refusedBy('agent/token_used'))
    clock.advance(hour)
    const late = agents.enrol({ agent: other.id, secret, publicKey, clientIp })
    await assert.rejects(late, refusedBy('agent/token_expired', 'token_expired'))
  })

  test('connections are of the gateway that wrote them, and over with it', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const id = await enrolled(a)
    await quiet()
    const here = await a.join(id, joining)
    await b.join(id, joining)
    await quiet()
    const places = (agents: Agents): readonly string[] =>
      agents.find(id)?.connections.map(({ gateway: at, epoch }) => `${at} ${epoch}`) ?? []
    assert.deepEqual(places(a).toSorted(), ['gw_a 1', 'gw_b 1'])
    await a.leave(id, here, 'it closed the connection')
    await quiet()
    assert.deepEqual(places(b), ['gw_b 1'])
    // Nobody writes down the end of a gateway that was killed: the next life of it does.
    const again = await gateway('gw_b', 2)
    assert.deepEqual(places(again), [])
    await again.join(id, joining)
    await quiet()
    assert.deepEqual(places(a), ['gw_b 2'])
  })

  test('one that is removed has no connection at any of them, joins none, and enrols no more', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const id = await enrolled(a)
    await quiet()
    await b.join(id, joining)
    const heard: string[] = []
    using _heard = b.onChange(({ state, connections }) => heard.push(`${state} ${connections.length}`))
    assert.equal((await a.remove(id, because)).kind, 'removed')
    await quiet()
    assert.deepEqual(heard, ['removed 0'])
    for (const agents of [a, b]) {
      await assert.rejects(agents.join(id, joining), refusedBy('agent/removed'))
      const again = agents.enrol({ agent: id, secret, publicKey: 'c'.repeat(64), clientIp: '10.0.0.1' })
      await assert.rejects(again, refusedBy('agent/removed'))
      assert.equal((await agents.remove(id, because)).kind, 'conflict')
    }
    assert.equal((await a.remove('agt_nobody', because)).kind, 'unknown')
  })

  test('nothing is sent through a connection that could not be recorded', async () => {
    const { log, gateway } = world()
    const agents = await gateway('gw_a')
    const id = await enrolled(agents)
    log.failure = new StoreError('unavailable', 'the log is down')
    await assert.rejects(agents.join(id, joining), refusedBy('sluice/log', 'log_unavailable'))
    assert.deepEqual(agents.find(id)?.connections, [])
  })
})
