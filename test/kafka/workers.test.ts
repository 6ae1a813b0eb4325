import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { workersOf } from '../workers/stage.ts'
import { broker } from './broker.ts'
import { eventually, openFleet, type Fleet, type Member } from './fleet.ts'
import { leftToWhole } from '../src/whole.ts'

const kafka = await broker()

interface Session {
  readonly id: string
  readonly gateway: string
  readonly state: string
}

suite(
  'a gateway of two workers on a log of several',
  { skip: leftToWhole || ('missing' in kafka && kafka.missing) },
  () => {
    let fleet: Fleet
    let a: Member
    let b: Member
    before(async () => {
      fleet = await openFleet('missing' in kafka ? [] : kafka.brokers)
      a = await fleet.start('gw-a', 2)
      b = await fleet.start('gw-b')
      await fleet.rows('create table if not exists things (id int primary key)')
      await fleet.rows('insert into things select generate_series(1, 9)')
    })
    after(() => fleet?.[Symbol.asyncDispose]())

    async function asked(known: readonly string[] = []): Promise<string> {
      return eventually('an approval is asked for', 10_000, async () => {
        const { body } = await b.ask('bob', 'GET', '/v1/approvals')
        const pending = body as readonly { readonly id: string; readonly state: string }[]
        return pending.find(({ id, state }) => state === 'pending' && !known.includes(id))?.id
      })
    }

    const approve = (id: string) =>
      b.ask('bob', 'POST', `/v1/approvals/${id}/votes`, { vote: 'approve', reason: 'tested' })

    test('writes as one incarnation, and what either holds is approved at another gateway', async () => {
      const clients = [await a.connect('langchain-reporting'), await a.connect('langchain-reporting')]
      const known: string[] = []
      for (const [nth, client] of clients.entries()) {
        const deleting = client.query(`delete from things where id = ${nth + 1}`)
        const id = await asked(known)
        known.push(id)
        assert.equal((await approve(id)).status, 200)
        assert.deepEqual((await deleting).tags, ['DELETE 1'])
      }
      const own = (await a.events()).filter(
        ({ writer, stream }) => writer === 'gw-a' && stream.startsWith('ses_'),
      )
      assert.equal(new Set(own.map(({ stream }) => stream)).size, 2)
      assert.equal(new Set(own.map(({ epoch }) => epoch)).size, 1)
      for (const client of clients) client.close()
    })

    test('a worker that is killed ends its own alone, and every gateway hears of it', async () => {
      const clients = [await a.connect('langchain-reporting'), await a.connect('langchain-reporting')]
      const outcomes = clients.map((client, nth) => client.query(`delete from things where id = ${nth + 4}`))
      const first = await asked()
      const second = await asked([first])
      const [victim] = await workersOf(a)
      process.kill(victim ?? 0, 'SIGKILL')
      const lost = await eventually('a session is lost', 10_000, async () => {
        const { body } = await b.ask('erin', 'GET', '/v1/sessions?all=true')
        const found = (body as readonly Session[]).filter(({ state }) => state === 'lost')
        return found.length > 0 ? found : undefined
      })
      assert.deepEqual(
        lost.map(({ gateway }) => gateway),
        ['gw-a'],
      )
      const votes = [(await approve(first)).status, (await approve(second)).status]
      assert.deepEqual(
        votes.toSorted((one, other) => one - other),
        [200, 409],
        'of the other worker nothing is lost',
      )
      const answers = await Promise.all(outcomes)
      assert.equal(answers.filter(({ closed }) => closed).length, 1)
      assert.deepEqual(await fleet.rows('select count(*) from things where id in (4, 5)'), [['1']])
      for (const client of clients) client.close()
    })

    test('while the supervisor sleeps nothing is performed, and what comes is refused', async () => {
      const client = await a.connect('langchain-reporting')
      assert.equal((await client.query('select 1')).errors.length, 0)
      a.pause()
      const { errors } = await client.query('insert into things values (100)')
      assert.equal(errors[0]?.code, '57P03')
      assert.deepEqual(await fleet.rows('select count(*) from things where id = 100'), [['0']])
      a.resume()
      await eventually('it serves again', 20_000, async () => {
        await sleep(100)
        return (await client.query('select 1')).errors.length === 0 ? true : undefined
      })
      client.close()
    })
  },
)
