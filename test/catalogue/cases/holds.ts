import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoSubject } from '@sluice/demo'
import { message, WireClient, type Login } from '../../src/index.ts'
import type { Guard } from '../laboratory.ts'
import type { Scenario } from '../wire-case.ts'

/** What waits for people, where a caller hopes that something of it happens before, or although, they decide. */

const { bind, cancelRequest, execute, parse, query, sync } = message
const reference = /\(ref (apr_[0-9A-Z]{26})\)/
const held = "delete from orders where id = '1'"

export const holdScenarios: readonly Scenario[] = [
  {
    id: 'S18',
    title: 'a pipeline in one packet, one of whose statements waits for people',
    stake: 'what needs an approval runs with the rest of its packet',
    plain: async (lab) => {
      const client = await WireClient.login(lab.login('plain'))
      client.send(pipeline)
      assert.deepEqual((await client.ready()).tags, ['SELECT 1', 'DELETE 1', 'SELECT 1'])
      client.close()
      assert.ok(await lab.restored('plain'))
    },
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      for (const how of ['reject', 'approve'] as const) {
        const client = await WireClient.login(await guard.gateway.login('langchain-reporting', 'shop'))
        client.send(pipeline)
        const id = await waits(client)
        await sleep(100)
        assert.equal(await lab.changed('guarded'), false, 'it ran before anybody approved it')
        assert.equal(await vote(guard, id, how), 200)
        const answer = await client.ready()
        const approved = how === 'approve'
        assert.deepEqual(answer.tags, approved ? ['SELECT 1', 'DELETE 1', 'SELECT 1'] : ['SELECT 1'])
        assert.equal(answer.errors[0]?.code, approved ? undefined : '42501')
        assert.equal(await lab.restored('guarded'), approved)
        client.close()
      }
    },
  },
  {
    id: 'S36',
    title: 'a transaction that holds its locks while a person is asked',
    stake: 'nobody else can work until somebody has decided',
    plain: async (lab) => {
      const client = await WireClient.login(lab.login('plain'))
      await client.query(`begin; update orders set total = total where id = '1'; ${held}`)
      assert.equal(
        await lockOf(lab.login('plain')),
        '55P03',
        'the row is locked for as long as the caller thinks',
      )
      await client.query('rollback')
      client.close()
    },
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await WireClient.login(await guard.gateway.login('langchain-reporting', 'shop'))
      await client.query('begin')
      client.send(query(held))
      const id = await waits(client)
      assert.equal(await lockOf(lab.login('guarded')), undefined, 'it holds a lock while it waits')
      assert.equal(await vote(guard, id, 'approve'), 200)
      assert.deepEqual((await client.ready()).tags, ['DELETE 1'])
      const second = await client.query("delete from orders where id = '2'")
      assert.equal(second.errors[0]?.code, 'SL001', 'it waits although it holds locks')
      assert.equal(second.notices.length, 0)
      assert.deepEqual((await client.query('rollback')).tags, ['ROLLBACK'])
      assert.equal(await lockOf(lab.login('guarded')), undefined)
      assert.equal(await lab.changed('guarded'), false)
      client.close()
    },
  },
  {
    id: 'S49',
    title: 'cancelling what waits for people',
    stake: 'it runs once somebody approves it, although its caller has given it up',
    plain: 'nothing waits for people there',
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await WireClient.connect(guard.gateway)
      const greeting = await client.start(await guard.gateway.login('langchain-reporting', 'shop'))
      const key = greeting.messages.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8)
      client.send(query(held))
      const id = await waits(client)
      for (const byte of [3, 7]) await cancel(guard, flipped(key, byte))
      assert.equal((await client.after(200)).errors.length, 0, 'a guessed key has cancelled')
      await cancel(guard, key)
      assert.equal((await client.ready()).errors[0]?.code, '57014')
      assert.equal(await vote(guard, id, 'approve'), 409)
      await sleep(100)
      assert.equal(await lab.changed('guarded'), false)
      client.close()
    },
  },
]

const run = (sql: string): Buffer => Buffer.concat([parse('', sql), bind(), execute()])
const pipeline = Buffer.concat([run('select 1'), run(held), run('select 3'), sync])

/** The approval that a caller is told to wait for. */
export async function waits(client: WireClient): Promise<string> {
  const heard = await client.until((messages) => messages.some(({ type }) => type === 'N'))
  const [id] = heard.notices.flatMap((notice) => reference.exec(notice.message)?.[1] ?? [])
  assert.ok(id !== undefined, heard.text)
  return id
}

/** HTTP status of a vote. */
export async function vote(
  { gateway }: Guard,
  id: string,
  how: 'approve' | 'reject',
  who: DemoSubject = 'bob',
): Promise<number> {
  const { password } = await gateway.login(who, 'shop')
  const { host, port } = gateway.api
  const response = await fetch(`http://${host}:${port}/v1/approvals/${id}/votes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
    body: JSON.stringify({ vote: how, reason: 'tried' }),
  })
  await response.body?.cancel()
  return response.status
}

/** SQLSTATE of somebody else's attempt to lock the rows; `undefined` when it can. */
async function lockOf(login: Login): Promise<string | undefined> {
  const client = await WireClient.login(login)
  const answer = await client.query('select 1 from orders order by id limit 2 for update nowait')
  client.close()
  return answer.errors[0]?.code
}

async function cancel({ gateway }: Guard, key: Buffer): Promise<void> {
  const client = await WireClient.connect(gateway)
  client.send(cancelRequest(key.readInt32BE(0), key.subarray(4)))
  await client.end()
}

function flipped(key: Buffer, index: number): Buffer {
  const other = Buffer.from(key)
  other[index] = (other[index] ?? 0) ^ 1
  return other
}
