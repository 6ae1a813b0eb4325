import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoSubject } from '@sluice/demo'
import { startIssuer } from '../../acceptance/issuer.ts'
import { message, startGatewayProcess, WireClient, type Gateway, type Transcript } from '../../src/index.ts'
import {
  call,
  councilOptions,
  loginAs,
  openCouncil,
  tokenOf,
  type Answered,
  type Person,
} from '../council.ts'
import { secrets } from '../fixture.ts'
import type { Guard, Laboratory } from '../laboratory.ts'
import type { Scenario } from '../wire-case.ts'
import { vote, waits } from './holds.ts'

/** Ways to an approval that nobody should have given, or to more than what was approved. */

const { bind, execute, parse, query, sync } = message
const reference = /\(ref (apr_[0-9A-Z]{26})\)/
const nobodyAsks = 'the server asks nobody'
const unseen = 'nobody is shown what runs there'

const ann: Person = { sub: 'ann' }
const second: Person = { sub: 'second-account' }
const ben: Person = { sub: 'ben' }
const cleo: Person = { sub: 'cleo' }

export const approvalScenarios: readonly Scenario[] = [
  {
    id: 'A1',
    title: 'approving one’s own request: with the same token, another one, a second account, or a program',
    stake: 'a single person passes what two should agree to',
    plain: nobodyAsks,
    through: async (lab) => {
      await using council = await openCouncil(lab)
      const { gateway, issuer } = council
      const client = await WireClient.login(loginAs(gateway, issuer, ann))
      client.send(query("delete from orders where id = '1'"))
      const id = await waits(client)
      const approve = (person: Person): Promise<Answered> =>
        call(gateway.api, tokenOf(issuer, person), `/v1/approvals/${id}/votes`, { vote: 'approve' })
      for (const person of [ann, ann, second, { ...ann, groups: ['dba', 'operators'] }]) {
        const { status, json } = await approve(person)
        assert.deepEqual([status, json['title']], [403, 'denied'], person.sub)
        assert.match(String(json['detail']), /own request.*Ask one of dba/)
      }
      assert.equal((await approve({ sub: 'robot', type: 'service' })).status, 403)
      assert.equal(await lab.changed('guarded'), false)
      for (const person of [ben, cleo]) assert.equal((await approve(person)).status, 200)
      assert.deepEqual((await client.ready()).tags, ['DELETE 1'])
      const acted = (await gateway.events()).filter(({ type }) => type === 'AdminActed')
      assert.equal(acted.length, 5, 'each attempt is recorded')
      assert.ok(await lab.restored('guarded'))
      client.close()
    },
  },
  {
    id: 'A2',
    title: 'another statement under the name of the one that was approved',
    stake: 'what runs is not what was approved',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      const id = await pending(client, "delete from orders where id = '1'")
      assert.equal(await vote(guard, id, 'approve'), 200)
      const others = [
        "delete from orders where id <> '1'",
        "delete from orders where id = '1' or true",
        "delete from orders where id = '1' -- ",
        "delete from orders  where id = '1'",
      ]
      for (const sql of others) {
        const other = await pending(client, sql, true)
        assert.notEqual(other, id, `${sql} was taken for what was approved`)
        assert.equal(await vote(guard, other, 'reject'), 200)
      }
      assert.equal(await lab.changed('guarded'), false)
      assert.deepEqual((await client.query("delete from orders where id = '1'")).tags, ['DELETE 1'])
      assert.ok(await lab.restored('guarded'))
      client.close()
    },
  },
  {
    id: 'A3',
    title: 'using an approval twice, one after the other and at once',
    stake: 'one approval releases as much as its caller likes',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const one = "delete from orders where id = '3'"
      const client = await member(guard)
      const id = await pending(client, one)
      assert.equal(await vote(guard, id, 'approve'), 200)
      const rivals = await Promise.all([0, 1, 2, 3].map(() => member(guard)))
      const outcomes = await Promise.all(rivals.map((rival) => rush(rival, one)))
      assert.equal(outcomes.filter((outcome) => outcome === 'DELETE 1').length, 1, outcomes.join(', '))
      for (const rival of rivals) rival.destroy()
      assert.equal(await vote(guard, id, 'approve', 'carol'), 409)
      assert.notEqual(await pending(client, one), id)
      const uses = (await guard.gateway.events()).filter(
        (event) => event.type === 'ApprovalConsumed' && event.data.approval === id,
      )
      assert.equal(uses.length, 1)
      assert.ok(await lab.restored('guarded'))
      client.close()
    },
  },
  {
    id: 'A4',
    title: 'other values for an approved prepared statement',
    stake: 'one row was approved and another one is deleted',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      const values = (of: string, format?: readonly number[]): readonly Buffer[] => [
        bind({ statement: 'd', values: [of], ...(format === undefined ? {} : { formats: format }) }),
        execute(),
        sync,
      ]
      await client.ask(parse('d', 'delete from orders where id = $1'), sync)
      const dirty = async (of: string): Promise<string> => {
        await client.query("begin; update orders set total = total where id = '9'")
        const answer = await client.ask(...values(of))
        await client.query('rollback')
        return referenceIn(answer)
      }
      const id = await dirty('1')
      assert.equal(await vote(guard, id, 'approve'), 200)
      for (const other of ['2', '01', ' 1']) assert.notEqual(await dirty(other), id, other)
      assert.equal(await lab.changed('guarded'), false)
      assert.deepEqual((await client.ask(...values('1'))).tags, ['DELETE 1'])
      assert.ok(await lab.restored('guarded'))
      client.close()
    },
  },
  {
    id: 'A5',
    title: 'putting another table in the place of the one that was approved',
    stake: 'the approved statement works on something that nobody looked at',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      client.send(query("delete from feature_flags where key = 'dark-mode'"))
      const id = await waits(client)
      await lab.backend.run(
        'guarded',
        'alter table feature_flags rename to flags_before; create table feature_flags (like flags_before)',
      )
      assert.equal(await vote(guard, id, 'approve'), 200)
      const [error] = (await client.ready()).errors
      assert.match(error?.message ?? '', /was changed while it waited/)
      client.close()
      assert.ok(await lab.restored('guarded'))
    },
  },
  {
    id: 'A6',
    title: 'one person who counts twice, and one who has left the approvers since',
    stake: 'fewer people agreed than must',
    plain: nobodyAsks,
    through: async (lab) => {
      await using council = await openCouncil(lab)
      const { gateway, issuer } = council
      const client = await WireClient.login(loginAs(gateway, issuer, { sub: 'robot', type: 'service' }))
      client.send(query("delete from orders where id = '1'"))
      const id = await waits(client)
      const approve = async (person: Person): Promise<number> => {
        const path = `/v1/approvals/${id}/votes`
        return (await call(gateway.api, tokenOf(issuer, person), path, { vote: 'approve' })).status
      }
      assert.equal(await approve(ben), 200)
      assert.equal(await approve(ben), 409, 'the same person with another token')
      assert.equal(await approve(ann), 200, 'two have approved')
      assert.deepEqual((await client.ready()).tags, ['DELETE 1'])
      assert.ok(await lab.restored('guarded'))
      await leftSince(lab, gateway, (person) => tokenOf(issuer, person), client)
      client.close()
    },
  },
  {
    id: 'A7',
    title: 'approving in the moment in which the caller gives up',
    stake: 'it runs for somebody who is gone, or is answered twice',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      await guard.gateway.login('bob', 'shop')
      for (let round = 0; round < 12; round++) {
        const client = await member(guard)
        client.send(query(`delete from orders where id = '${1 + (round % 4)}'`))
        const id = await waits(client)
        const voting = vote(guard, id, 'approve')
        await sleep(round / 3)
        client.destroy()
        const status = await voting
        await sleep(150)
        const ran = await lab.restored('guarded')
        const events = (await guard.gateway.events()).filter(
          (event) => 'approval' in event.data && event.data.approval === id,
        )
        const used = events.filter(({ type }) => type === 'ApprovalConsumed').length
        assert.ok(
          used <= 1 && (!ran || used === 1),
          `round ${round}: ${events.map(({ type }) => type).join()}`,
        )
        if (status === 409) assert.equal(ran, false, 'a vote that came too late let it run')
        const again = await vote(guard, id, 'approve', 'carol')
        assert.equal(again, 409, 'it is still open although its caller is gone')
      }
    },
  },
  {
    id: 'A8',
    title: 'a gateway that is killed while something waits',
    stake: 'after the restart somebody approves it, and it runs for nobody',
    plain: nobodyAsks,
    through: async (lab) => killed(lab),
  },
  {
    id: 'A9',
    title: 'a statement that looks like another one to whom it is shown',
    stake: 'the approver agrees to something else than what runs',
    plain: unseen,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      const blanks = ' '.repeat(20_000)
      const hidden = `delete from orders where id = '1' /* \u202e nothing \u2066 */ or id = '2'${blanks}or total > 0 -- and id = '3'`
      client.send(query(hidden))
      const id = await waits(client)
      const { json, text } = await read(guard, 'bob', `/v1/approvals/${id}`)
      const statement = (json['request'] as { statement: { text: string; bytes: number } }).statement
      assert.equal(statement.bytes, Buffer.byteLength(hidden))
      assert.doesNotMatch(text, /[\u202e\u2066]/)
      assert.equal(
        statement.text,
        "delete from orders where id = '1' /* ⟨U+202E⟩ nothing ⟨U+2066⟩ */ or id = '2'⟨20 000 spaces⟩or total > 0 -- and id = '3'",
      )
      assert.deepEqual(
        (json['actions'] as readonly { name: string; has_where: boolean }[]).map(({ name, has_where }) => [
          name,
          has_where,
        ]),
        [['sql.delete', true]],
      )
      client.destroy()
      const tooLong = await member(guard)
      const answer = await tooLong.query(`delete from orders where id = '1'${' '.repeat(100_000)}`)
      assert.equal(answer.errors[0]?.code, '54000', 'what cannot be shown whole is approved by nobody')
      tooLong.close()
      assert.equal(await lab.changed('guarded'), false)
    },
  },
  {
    id: 'A10',
    title: 'a program that opens the link of an approval before its reader does',
    stake: 'a mail scanner or a chat bot approves',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      client.send(query("delete from orders where id = '1'"))
      const heard = await client.until((messages) => messages.some(({ type }) => type === 'N'))
      const link = /See (http\S+?)\.?$/m.exec(heard.notices[0]?.message ?? '')?.[1] ?? ''
      const id = /apr_[0-9A-Z]{26}/.exec(link)?.[0] ?? ''
      assert.ok(id !== '', heard.text)
      const token = (await guard.gateway.login('bob', 'shop')).password
      for (const url of [link, `${link}/votes`, `${link}/votes?vote=approve`])
        for (const method of ['GET', 'HEAD', 'OPTIONS'])
          for (const headers of [{}, { authorization: `Bearer ${token}` }])
            await (await fetch(url, { method, headers })).arrayBuffer()
      assert.equal(await stateOf(guard, id), 'pending')
      client.destroy()
    },
  },
  {
    id: 'A11',
    title: 'a page that votes with its visitor’s browser',
    stake: 'an approver approves by looking at something else',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      client.send(query("delete from orders where id = '1'"))
      const id = await waits(client)
      const token = (await guard.gateway.login('bob', 'shop')).password
      const path = `/v1/approvals/${id}/votes`
      const ambient = {
        cookie: `token=${token}; authorization=Bearer ${token}`,
        origin: 'https://evil.example',
      }
      const { api } = guard.gateway
      assert.equal((await call(api, null, path, { vote: 'approve' }, ambient)).status, 401)
      assert.equal((await call(api, null, `${path}?access_token=${token}`, { vote: 'approve' })).status, 401)
      const shown = await fetch(`http://${api.host}:${api.port}/v1/approvals/${id}`)
      assert.match(String(shown.headers.get('content-security-policy')), /frame-ancestors 'none'/)
      assert.equal(shown.headers.get('access-control-allow-origin'), null)
      assert.equal(await stateOf(guard, id), 'pending')
      client.destroy()
    },
  },
  {
    id: 'A13',
    title: 'reading, voting on and ending what belongs to others, by its id',
    stake: 'whoever learns an id learns what others do, or does it in their place',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      client.send(query("delete from orders where id = '1'"))
      const id = await waits(client)
      const { json } = await read(guard, 'bob', `/v1/approvals/${id}`)
      const session = String(json['session'])
      const absent = (path: string): string => path.replace(/_[0-9A-Z]{26}/, `_${'0'.repeat(26)}`)
      const paths = [`/v1/approvals/${id}`, `/v1/sessions/${session}`, `/v1/sessions/${session}/exchanges`]
      const posts: readonly (readonly [string, object])[] = [
        [`/v1/approvals/${id}/votes`, { vote: 'approve' }],
        [`/v1/approvals/${id}/cancel`, {}],
        [`/v1/sessions/${session}/kill`, {}],
      ]
      for (const who of ['alice', 'dave'] as const) {
        const token = (await guard.gateway.login(who, 'shop')).password
        for (const [path, body] of [...paths.map((each) => [each, undefined] as const), ...posts]) {
          const foreign = await call(guard.gateway.api, token, path, body)
          const none = await call(guard.gateway.api, token, absent(path), body)
          assert.deepEqual([foreign.status, foreign.text], [404, none.text], `${who} ${path}`)
        }
        for (const list of ['/v1/approvals?state=all', '/v1/sessions'])
          assert.doesNotMatch(
            (await call(guard.gateway.api, token, list)).text,
            new RegExp(`${id}|${session}`),
          )
      }
      // An approver may decide, and is nobody's administrator.
      assert.equal((await read(guard, 'bob', `/v1/sessions/${session}`)).status, 404)
      assert.equal(await stateOf(guard, id), 'pending')
      client.destroy()
    },
  },
  {
    id: 'A14',
    title: 'asking again and again until somebody approves',
    stake: 'approvers stop reading what they approve',
    plain: nobodyAsks,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard, 'alice')
      const same = new Set<string>()
      for (let count = 0; count < 5; count++)
        same.add(await pending(client, "delete from orders where id = '1'", true))
      assert.equal(same.size, 1, 'the same request asks once')
      let refused: string | undefined
      for (let count = 0; count < 30 && refused === undefined; count++) {
        const [error] = (await inDirty(client, `delete from orders where id = '${100 + count}'`)).errors
        if (error?.code !== 'SL001') refused = error?.code
      }
      assert.equal(refused, '53300', 'nobody may ask without end')
      const token = (await guard.gateway.login('alice', 'shop')).password
      const { api } = guard.gateway
      const own = JSON.parse((await call(api, token, '/v1/approvals')).text) as readonly { id: string }[]
      assert.equal(own.length, 20)
      for (const { id } of own)
        assert.equal((await call(api, token, `/v1/approvals/${id}/cancel`, {})).status, 200)
      client.close()
    },
  },
  {
    id: 'A15',
    title: 'values in a statement that its approver may not read',
    stake: 'who approves reads what the policy keeps from them',
    plain: unseen,
    through: async (lab) => {
      const guard = await lab.guard('waiting')
      const client = await member(guard)
      const sql = `delete from customers where ssn = '${secrets.ssn}'`
      const literal = await pending(client, sql, true)
      await client.query("begin; update orders set total = total where id = '9'")
      const parameter = referenceIn(
        await client.ask(
          parse('', 'delete from customers where ssn = $1'),
          bind({ values: [secrets.ssn] }),
          execute(),
          sync,
        ),
      )
      await client.query('rollback')
      const seen = await read(guard, 'bob', `/v1/approvals/${literal}`)
      const tag = /'9\*+35'⟨masked (\w{8}), 11 characters⟩/.exec(seen.text)?.[1]
      assert.ok(tag !== undefined, seen.text)
      const bound = await read(guard, 'bob', `/v1/approvals/${parameter}`)
      assert.deepEqual((bound.json['request'] as { parameters: unknown }).parameters, [
        { masked: '9********35', tag },
      ])
      for (const who of ['bob', 'carol', 'erin'] as const)
        for (const path of [
          `/v1/approvals/${literal}`,
          `/v1/approvals/${parameter}`,
          '/v1/approvals?state=all&last=500',
          '/v1/events?last=2000',
        ])
          assert.ok(!(await read(guard, who, path)).text.includes(secrets.ssn), `${who} ${path}`)
      assert.ok(
        (await read(guard, 'langchain-reporting', `/v1/approvals/${literal}`)).text.includes(secrets.ssn),
      )
      for (const id of [literal, parameter]) assert.equal(await vote(guard, id, 'reject'), 200)
      client.close()
    },
  },
]

async function member({ gateway }: Guard, who: DemoSubject = 'langchain-reporting'): Promise<WireClient> {
  return WireClient.login(await gateway.login(who, 'shop'))
}

async function read({ gateway }: Guard, who: DemoSubject, path: string): Promise<Answered> {
  return call(gateway.api, (await gateway.login(who, 'shop')).password, path)
}

async function stateOf(guard: Guard, id: string): Promise<unknown> {
  return (await read(guard, 'erin', `/v1/approvals/${id}`)).json['state']
}

function referenceIn(answer: Transcript): string {
  const [error] = answer.errors
  assert.equal(error?.code, 'SL001', answer.text)
  const [, id] = reference.exec(error.message) ?? []
  assert.ok(id !== undefined, answer.text)
  return id
}

/** In a transaction that has written nobody waits: the caller is told to come back. */
async function inDirty(client: WireClient, sql: string, extended = false): Promise<Transcript> {
  await client.query("begin; update orders set total = total where id = '9'")
  const answer = extended
    ? await client.ask(parse('', sql), bind(), execute(), sync)
    : await client.query(sql)
  await client.query('rollback')
  return answer
}

async function pending(client: WireClient, sql: string, extended = false): Promise<string> {
  return referenceIn(await inDirty(client, sql, extended))
}

/** What becomes of it at once: its tag, or that it waits. */
async function rush(client: WireClient, sql: string): Promise<string> {
  client.send(query(sql))
  const heard = await client.until((messages) => messages.some(({ type }) => type === 'N' || type === 'Z'))
  return heard.tags[0] ?? 'waits'
}

/** A vote counts by what its voter is when it is used, not by what they were. */
async function leftSince(
  lab: Laboratory,
  gateway: Gateway,
  token: (person: Person) => string,
  client: WireClient,
): Promise<void> {
  client.send(query("delete from orders where id = '2'"))
  const id = await waits(client)
  const path = `/v1/approvals/${id}/votes`
  assert.equal((await call(gateway.api, token(ben), path, { vote: 'approve' })).status, 200)
  assert.equal((await call(gateway.api, token({ ...ben, groups: [] }), '/v1/targets')).status, 200)
  assert.equal((await call(gateway.api, token(cleo), path, { vote: 'approve' })).status, 200)
  await sleep(200)
  assert.equal(await lab.changed('guarded'), false, 'it ran with the vote of somebody who has left')
}

async function killed(lab: Laboratory): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'sluice-killed-'))
  const issuer = await startIssuer()
  try {
    const options = { ...(await councilOptions(lab, issuer)), data }
    const before = await startGatewayProcess(options)
    const caller: Person = { sub: 'robot', type: 'service' }
    const client = await WireClient.login(loginAs(before, issuer, caller))
    client.send(query("delete from orders where id = '1'"))
    const id = await waits(client)
    const path = `/v1/approvals/${id}/votes`
    assert.equal((await call(before.api, tokenOf(issuer, ben), path, { vote: 'approve' })).status, 200)
    await before.kill()
    assert.ok((await client.end()).closed)
    const after = await startGatewayProcess(options)
    try {
      const late = await call(after.api, tokenOf(issuer, cleo), path, { vote: 'approve' })
      assert.equal(late.status, 409, late.text)
      assert.equal((late.json['approval'] as { state?: string } | undefined)?.state, 'expired')
      await sleep(200)
      assert.equal(await lab.changed('guarded'), false, 'it ran although nobody waits for it')
      const again = await WireClient.login(loginAs(after, issuer, caller))
      again.send(query("delete from orders where id = '1'"))
      assert.notEqual(await waits(again), id, 'votes of before the crash count after it')
      again.destroy()
    } finally {
      await after.kill()
    }
  } finally {
    await issuer.close()
    await rm(data, { recursive: true, force: true })
  }
}
