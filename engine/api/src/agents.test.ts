import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openAgents, systemClock, systemIds, type Agents } from '@sluice/core'
import type { AgentLine } from './agents.ts'
import { bearer, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

const publicKey = 'b'.repeat(64)

suite('agents at the API', () => {
  let store: ScriptedStore
  let agents: Agents
  let api: ScriptedApi
  /** That is asked. */
  let gateway: string
  beforeEach(async () => {
    store = new ScriptedStore()
    gateway = 'test'
    const ids = systemIds(systemClock)
    agents = await openAgents({ store, writer: 'test', epoch: 0, clock: systemClock, ids, report: () => {} })
    const control = {
      get gateway() {
        return gateway
      },
      lifeMs: { usual: 3_600_000, max: 86_400_000 },
      list: () => agents.list(),
      liveOf: () => ({ streams: 3, heardMs: 1_000, certificateUntil: 2_000 }),
      invite: async (name: string, lifeMs: number, by: string) => ({
        agent: await agents.invite(name, 'a'.repeat(64), lifeMs, by),
        token: 'slua_secret',
      }),
      remove: (id: string, because: { readonly by: string; readonly reason: string }) =>
        agents.remove(id, because),
    }
    api = scriptedApi({ agents: control }, store)
  })

  const invite = (who: string, payload: object) =>
    api.app.inject({ method: 'POST', url: '/v1/agents', headers: bearer(who), payload })
  const remove = (who: string, id: string, payload: object = { reason: 'retired' }) =>
    api.app.inject({ method: 'DELETE', url: `/v1/agents/${id}`, headers: bearer(who), payload })
  const list = (who: string) => api.app.inject({ url: '/v1/agents', headers: bearer(who) })

  async function invited(): Promise<AgentLine> {
    const { statusCode, body } = await invite('grace', { name: 'vpc' })
    assert.equal(statusCode, 200, body)
    return (JSON.parse(body) as { readonly agent: AgentLine }).agent
  }

  test('an admin invites one, and the token is told once and kept nowhere', async () => {
    const before = Date.now()
    const answer = await invite('grace', { name: 'vpc', life_s: 60 })
    const { agent, token } = answer.json<{ readonly agent: AgentLine; readonly token: string }>()
    assert.equal(token, 'slua_secret')
    assert.deepEqual([agent.name, agent.state, agent.invited_by], ['vpc', 'invited', 'test#grace'])
    const until = Date.parse(agent.expires_at)
    assert.ok(until >= before + 60_000 && until <= Date.now() + 60_000, agent.expires_at)
    const listed = await list('grace')
    assert.deepEqual(listed.json(), [agent])
    assert.ok(!listed.body.includes(token))
    for await (const event of store.read()) assert.ok(!JSON.stringify(event).includes(token))
  })

  test('admins and auditors see them, and where they are connected; others do not', async () => {
    const { id } = await invited()
    await agents.enrol({ agent: id, secret: 'a'.repeat(64), publicKey, clientIp: '10.0.0.1' })
    await agents.join(id, { version: '9.9.9', clientIp: '10.0.0.1', allows: ['db:5432'] })
    for (const who of ['grace', 'erin']) {
      const [line] = (await list(who)).json<readonly AgentLine[]>()
      assert.equal(line?.state, 'enrolled')
      const [connection] = line.connections
      assert.deepEqual(
        [
          connection?.gateway,
          connection?.version,
          connection?.client_ip,
          connection?.allows,
          connection?.streams,
        ],
        ['test', '9.9.9', '10.0.0.1', ['db:5432'], 3],
      )
    }
    for (const who of ['alice', 'bob']) assert.equal((await list(who)).statusCode, 403, who)
    assert.equal((await api.app.inject({ url: '/v1/agents' })).statusCode, 401)
  })

  test('of a connection to another gateway nobody says here how much goes through it', async () => {
    const { id } = await invited()
    await agents.enrol({ agent: id, secret: 'a'.repeat(64), publicKey, clientIp: '10.0.0.1' })
    await agents.join(id, { version: '1', clientIp: '10.0.0.1', allows: [] })
    gateway = 'gw_b'
    const [line] = (await list('erin')).json<readonly AgentLine[]>()
    assert.deepEqual(
      line?.connections.map((each) => [each.gateway, each.streams]),
      [['test', null]],
    )
  })

  test('only an admin invites and removes, and what is asked must make sense', async () => {
    const { id } = await invited()
    for (const who of ['alice', 'bob', 'erin']) {
      assert.equal((await invite(who, { name: 'vpc' })).statusCode, 403, who)
      assert.equal((await remove(who, id)).statusCode, 403, who)
    }
    for (const payload of [
      {},
      { name: '' },
      { name: 'Not A Name' },
      { name: 'vpc', life_s: 0 },
      { name: 'vpc', life_s: 1.5 },
      { name: 'vpc', life_s: 86_401 },
      { name: 'vpc', more: 1 },
      { name: 'x'.repeat(64) },
    ])
      assert.equal((await invite('grace', payload)).statusCode, 400, JSON.stringify(payload))
    assert.equal((await remove('grace', 'nothing')).statusCode, 400)
    assert.equal((await remove('grace', `agt_${'0'.repeat(26)}`)).statusCode, 404)
  })

  test('one that is removed is so once, with who did it and why in the log', async () => {
    const { id } = await invited()
    const answer = await remove('grace', id, { reason: 'retired' })
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.json<AgentLine>().state, 'removed')
    const again = await remove('grace', id)
    assert.equal(again.statusCode, 409)
    const events = []
    for await (const event of store.read()) events.push(event)
    const removals = events.filter(({ type }) => type === 'AgentRemoved')
    assert.deepEqual(
      removals.map(({ data }) => data),
      [{ agent: id, name: 'vpc', by: 'test#grace', reason: 'retired' }],
    )
  })
})
