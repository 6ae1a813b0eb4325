import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { broker } from '../broker.ts'
import { eventually, openFleet, type Fleet, type LoggedEvent, type Member } from '../fleet.ts'

/** A gateway that is killed under load, again and again. `SLUICE_FAULT_KILLS`: how often. */
const kills = Number(process.env['SLUICE_FAULT_KILLS'] ?? 2)
const clients = 4
const kafka = await broker()

suite('a gateway that is killed', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  let fleet: Fleet
  before(async () => {
    fleet = await openFleet('missing' in kafka ? [] : kafka.brokers)
    await fleet.rows('create table if not exists effects (id int primary key)')
    await fleet.rows('create table if not exists kept (id int primary key)')
    await fleet.rows('insert into kept select generate_series(1, 1000)')
  })
  after(() => fleet?.[Symbol.asyncDispose]())

  let next = 0
  /** Until its gateway is gone. */
  async function load(gateway: Member): Promise<void> {
    const client = await gateway.connect('langchain-reporting')
    while (!client.closed) await client.query(`insert into effects values (${++next})`).catch(() => {})
  }

  test(
    `at ${kills} random moments: everything that was begun has one end`,
    { timeout: 600_000 },
    async (t) => {
      for (let life = 1; life <= kills; life++) {
        const gateway = await fleet.start('gw-a')
        const holding = await gateway.connect('alice')
        const held = holding.query(`delete from kept where id = ${life}`).catch(() => {})
        await eventually('it is held', 20_000, async () => {
          const { body } = await gateway.ask('bob', 'GET', '/v1/approvals')
          const states = (body as readonly { readonly state: string }[]).map(({ state }) => state)
          return states.includes('pending') ? true : undefined
        })
        const loads = Array.from({ length: clients }, () => load(gateway).catch(() => {}))
        await sleep(300 + Math.random() * 700)
        await gateway.kill()
        await Promise.all([held, ...loads])
      }
      const last = await fleet.start('gw-a')
      const events = await last.events()
      const ends = endsOf(events)
      assert.deepEqual(ends.wrong, [])
      t.diagnostic(`${ends.exchanges} exchanges: ${JSON.stringify(ends.counts)}`)
      assert.ok((ends.counts['expired'] ?? 0) >= kills)
      assert.equal((await fleet.rows('select 1 from kept')).length, 1000)
      const allowed = events.filter(({ type, data }) => type === 'DecisionMade' && data['effect'] === 'allow')
      const effects = (await fleet.rows('select 1 from effects')).length
      assert.ok(effects > 0 && effects <= allowed.length, `${effects} effects, ${allowed.length} allowed`)
      await eventually('the read models say the same', 10_000, async () => {
        const { body } = await last.ask('erin', 'GET', '/v1/sessions?all=true')
        const open = (body as readonly { readonly state: string }[]).filter(({ state }) => state === 'open')
        return open.length === 0 ? true : undefined
      })
    },
  )
})

/** What became of each exchange, from the bare events. */
function endsOf(events: readonly LoggedEvent[]) {
  const lost = new Set<string>()
  for (const { type, data } of events)
    if (type === 'GatewayLost') lost.add(`${String(data['writer'])}/${String(data['epoch'])}`)
  const lives = new Map<string, { steps: string[]; readonly of: string }>()
  for (const { type, data, writer, epoch } of events) {
    const exchange = String(data['exchange'])
    if (type === 'RequestReceived') lives.set(exchange, { steps: [], of: `${writer}/${epoch}` })
    else if (type === 'DecisionMade') lives.get(exchange)?.steps.push(String(data['effect']))
    else if (type === 'ResponseCompleted') lives.get(exchange)?.steps.push('completed')
    else if (type === 'ExchangeAbandoned') lives.get(exchange)?.steps.push('abandoned')
  }
  const counts: Record<string, number> = {}
  const wrong: string[] = []
  for (const [exchange, { steps, of }] of lives) {
    const last = steps.at(-1)
    const end =
      last === 'allow' && lost.has(of)
        ? 'unknown'
        : last === 'hold' && lost.has(of)
          ? 'expired'
          : String(last)
    counts[end] = (counts[end] ?? 0) + 1
    if (!['completed', 'unknown', 'expired', 'abandoned', 'deny'].includes(end))
      wrong.push(`${exchange}: ${steps.join(' ')}`)
  }
  return { exchanges: lives.size, counts, wrong }
}
