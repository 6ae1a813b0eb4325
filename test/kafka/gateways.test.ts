import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApprovalLine } from '@sluice/api'
import * as message from '../src/message.ts'
import { WireClient } from '../src/wire-client.ts'
import { broker } from './broker.ts'
import { eventually, openFleet, type Fleet, type LoggedEvent, type Member } from './fleet.ts'

const kafka = await broker()

suite('several gateways on one log', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  let fleet: Fleet
  let a: Member
  let b: Member
  before(async () => {
    fleet = await openFleet('missing' in kafka ? [] : kafka.brokers)
    a = await fleet.start('gw-a')
    b = await fleet.start('gw-b')
    await fleet.rows('create table if not exists things (id int primary key, label text)')
    await fleet.rows("insert into things select n, 'thing ' || n from generate_series(1, 9) n")
  })
  after(() => fleet?.[Symbol.asyncDispose]())

  async function asked(at: Member, known: readonly string[] = []): Promise<string> {
    return eventually('an approval is asked for', 10_000, async () => {
      const { body } = await at.ask('bob', 'GET', '/v1/approvals')
      const pending = body as readonly { readonly id: string; readonly state: string }[]
      return pending.find(({ id, state }) => state === 'pending' && !known.includes(id))?.id
    })
  }

  function approve(at: Member, id: string) {
    return at.ask('bob', 'POST', `/v1/approvals/${id}/votes`, { vote: 'approve', reason: 'tested' })
  }

  async function gone(id: number): Promise<boolean> {
    return (await fleet.rows(`select 1 from things where id = ${id}`)).length === 0
  }

  test('what one holds is approved through the other, and runs', async () => {
    const client = await a.connect('langchain-reporting')
    const deleting = client.query('delete from things where id = 1')
    const id = await asked(b)
    const { body } = await b.ask('bob', 'GET', `/v1/approvals/${id}`)
    assert.match(JSON.stringify(body), /delete from things where id = 1/)
    assert.equal((await approve(b, id)).status, 200)
    const { errors, tags } = await deleting
    assert.deepEqual([errors, tags], [[], ['DELETE 1']])
    assert.ok(await gone(1))
    assert.equal((await approve(a, id)).status, 409)
    client.close()
  })

  test('what one held and what both serve is listed the same by either, once it is over too', async () => {
    const client = await a.connect('langchain-reporting')
    const deleting = client.query('delete from things where id = 8')
    const id = await asked(b)
    assert.equal((await approve(b, id)).status, 200)
    await deleting
    client.close()
    const path = '/v1/approvals?state=consumed&target=shop&last=1'
    for (const at of [a, b])
      await eventually('it is listed', 5_000, async () => {
        const [line] = (await at.ask('bob', 'GET', path)).body as readonly ApprovalLine[]
        return line?.id === id && line.statement === 'delete from things where id = 8' ? true : undefined
      })
    assert.deepEqual((await b.ask('alice', 'GET', path)).body, [], 'of others nothing')
    const shop = { name: 'shop', protocol: 'postgres', labels: {}, served: true, source: 'file' }
    const served = [{ ...shop, state: null }]
    for (const at of [a, b]) assert.deepEqual((await at.ask('alice', 'GET', '/v1/targets')).body, served)
  })

  test('a session of one is told by the other, with content and votes, to its end', async () => {
    const client = await a.connect('langchain-reporting')
    const deleting = client.query('delete from things where id = 9')
    const id = await asked(b)
    const { body } = await b.ask('bob', 'GET', `/v1/approvals/${id}`)
    const { session } = body as { readonly session: string }
    const telling = b.ask('erin', 'GET', `/v1/sessions/${session}/recording?follow=true`)
    assert.equal((await approve(a, id)).status, 200)
    await deleting
    client.close()
    const told = String((await telling).body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Step)
    assert.deepEqual(
      told.map(({ step, what, effect }) => [step, what ?? effect ?? ''].join(' ').trimEnd()),
      [
        'opened',
        'request',
        'decision hold',
        'approval requested',
        'approval granted',
        'approval consumed',
        'decision allow',
        'answer',
        'completed',
        'closed',
      ],
    )
    assert.deepEqual(told[1]?.statements, [{ text: 'delete from things where id = 9', parameters: [] }])
    assert.deepEqual(told[7]?.parts, [{ kind: 'status', text: 'DELETE 1' }])
  })

  test('sessions of one are listed and ended through the other', async () => {
    const client = await a.connect('alice')
    const session = await eventually('the session is listed', 5_000, async () => {
      const { body } = await b.ask('erin', 'GET', '/v1/sessions')
      return (body as readonly Session[]).find(
        ({ gateway, subject }) => gateway === 'gw-a' && subject.endsWith('alice'),
      )
    })
    assert.equal((await b.ask('bob', 'POST', `/v1/sessions/${session.id}/kill`, {})).status, 404)
    const started = performance.now()
    assert.equal((await b.ask('erin', 'POST', `/v1/sessions/${session.id}/kill`, {})).status, 403)
    assert.equal((await b.ask('alice', 'POST', `/v1/sessions/${session.id}/kill`, {})).status, 200)
    while (!client.closed) {
      assert.ok(performance.now() - started < 2_000, 'the session goes on')
      await sleep(10)
    }
    await eventually('it is no longer open', 5_000, async () => {
      const { body } = await b.ask('erin', 'GET', '/v1/sessions')
      return (body as readonly Session[]).some(({ id }) => id === session.id) ? undefined : true
    })
  })

  test('a password that one minted opens the other, and both know when it is revoked', async () => {
    const { status, body } = await a.ask('carol', 'POST', '/v1/passwords', {})
    assert.equal(status, 200, JSON.stringify(body))
    const { user, password } = body as { readonly user: string; readonly password: string }
    const at = ({ host, port }: Member) => WireClient.login({ host, port, user, password, database: 'shop' })
    const client = await eventually('the other knows it', 5_000, () => at(b).catch(() => undefined))
    assert.deepEqual((await client.query('select 1')).errors, [])
    const own = { token: user, reason: 'tested' }
    assert.equal((await a.ask('carol', 'POST', '/v1/revocations', own)).status, 200)
    await client.end()
    for (const member of [a, b]) await assert.rejects(at(member), /28000.*revoked/)
  })

  test('what is revoked through one is dead at all, at once, and at one that reads the log anew', async (t) => {
    const own = (at: Member, path: string, body: object) => at.ask('dave', 'POST', path, body)
    const [answering, holding] = [await a.connect('dave'), await a.connect('dave')]
    answering.send(message.query('select pg_sleep(0.02) from generate_series(1, 3000)'))
    const deleting = holding.query('delete from things where id = 7').catch(() => undefined)
    const id = await asked(b)
    const started = performance.now()
    const { status, body } = await own(b, '/v1/revocations', { mine: 'all', reason: 'tested' })
    assert.equal(status, 200, JSON.stringify(body))
    await Promise.all([answering.end(), holding.end(), deleting])
    const tookMs = performance.now() - started
    t.diagnostic(`dead at the other gateway ${tookMs.toFixed(0)} ms after it was asked for`)
    assert.ok(tookMs < 2_000, `${tookMs} ms`)
    assert.equal((await approve(b, id)).status, 409)
    assert.ok(!(await gone(7)))
    const fresh = await fleet.start('gw-d')
    for (const at of [a, b, fresh]) {
      await assert.rejects(at.connect('dave'), /28000.*revoked/)
      assert.equal((await at.ask('dave', 'GET', '/v1/sessions')).status, 401)
    }
    await fresh.stop()
  })

  test(
    'a killed gateway’s holds expire, and one that slept performs nothing',
    { timeout: 120_000 },
    async () => {
      const c = await fleet.start('gw-c')
      const killed = await a.connect('langchain-reporting')
      const slept = await c.connect('alice')
      const outcomes = [
        killed.query('delete from things where id = 2').catch(() => 'ended'),
        slept.query('delete from things where id = 3').catch(() => 'ended'),
      ]
      const first = await asked(b)
      const second = await asked(b, [first])
      await a.kill()
      c.pause()
      const lost = await eventually('both are declared lost', 40_000, async () => {
        const events = await b.events()
        const found = events.filter(({ type }) => type === 'GatewayLost').map(({ data }) => data['writer'])
        return found.includes('gw-a') && found.includes('gw-c') ? events : undefined
      })
      assert.deepEqual(
        new Set(lost.filter(({ type }) => type === 'GatewayLost').map(({ writer }) => writer)),
        new Set(['gw-b']),
      )
      for (const id of [first, second]) assert.equal((await approve(b, id)).status, 409)
      c.resume()
      assert.equal(await c.ended, 1, c.said())
      assert.match(c.said(), /have taken this one for lost/)
      await Promise.all(outcomes)
      assert.deepEqual([await gone(2), await gone(3)], [false, false])
      const { body } = await b.ask('erin', 'GET', '/v1/sessions?all=true')
      const states = (body as readonly Session[]).filter(
        ({ gateway, state }) => gateway === 'gw-a' && state === 'lost',
      )
      assert.equal(states.length, 1)
      assertEndedByTheirGateway(await b.events())
      const again = await fleet.start('gw-a')
      const client = await again.connect('langchain-reporting')
      const deleting = client.query('delete from things where id = 2')
      const third = await asked(b, [first, second])
      assert.equal((await approve(b, third)).status, 200)
      assert.deepEqual((await deleting).tags, ['DELETE 1'])
      client.close()
    },
  )
})

interface Step {
  readonly step: string
  readonly what?: string
  readonly effect?: string
  readonly statements?: readonly object[]
  readonly parts?: readonly object[]
}

interface Session {
  readonly id: string
  readonly gateway: string
  readonly subject: string
  readonly state: string
}

/** Nothing that a lost gateway says later is a decision that allows something. */
function assertEndedByTheirGateway(events: readonly LoggedEvent[]): void {
  for (const lost of events.filter(({ type }) => type === 'GatewayLost')) {
    const later = events
      .slice(events.indexOf(lost))
      .filter(({ writer, epoch }) => writer === lost.data['writer'] && epoch === lost.data['epoch'])
    assert.ok(!later.some(({ type, data }) => type === 'DecisionMade' && data['effect'] === 'allow'))
    assert.ok(!later.some(({ type }) => type === 'ApprovalConsumed'))
  }
}
