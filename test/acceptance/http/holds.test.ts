import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { DemoSubject } from '@sluice/demo'
import { HttpClient, request, valueOf, type HttpAnswer } from '../../src/index.ts'
import { comesTrue } from './comes-true.ts'
import { openStage } from './stage.ts'

/** A request that people must approve waits on its connection, whole; it runs once they do, and never otherwise. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()

interface Approval {
  readonly id: string
  readonly statement: string | null
}

async function api(who: DemoSubject, path: string, body?: object): Promise<Response> {
  const { password } = await stage.gateway.login(who, '')
  const { host, port } = stage.gateway.api
  return fetch(`http://${host}:${port}${path}`, {
    headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
}

/** The approval whose statement names the path, once somebody has been asked. */
async function asked(path: string): Promise<Approval> {
  let found: Approval | undefined
  await comesTrue(`somebody is asked about ${path}`, async () => {
    const pending = (await (await api('bob', '/v1/approvals')).json()) as readonly Approval[]
    found = pending.find(({ statement }) => statement?.includes(path))
    return found !== undefined
  })
  if (found === undefined) throw new Error('nobody was asked')
  return found
}

async function vote(id: string, how: 'approve' | 'reject'): Promise<void> {
  const response = await api('bob', `/v1/approvals/${id}/votes`, { vote: how, reason: 'tested' })
  await response.body?.cancel()
  assert.ok(response.ok, `the vote is answered ${response.status}`)
}

async function sent(path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpClient> {
  const client = await HttpClient.connect(door)
  client.send(request('POST', `${door.prefix}${path}`, { ...door.headers, ...headers }, 'the body'))
  return client
}

function arrived(path: string): number {
  return stage.api.requests.filter(({ address }) => address === path).length
}

function textOf({ body }: HttpAnswer): string {
  return body.toString()
}

suite('a held request', () => {
  test('waits while others do not, and runs once it is approved, as it was sent', async () => {
    const path = `/held/${randomUUID()}`
    const client = await sent(path)
    const { id } = await asked(path)
    const other = await fetch(`${door.url}/json`, { headers: door.headers })
    assert.equal(other.status, 200)
    await other.body?.cancel()
    assert.equal(arrived(path), 0)
    await vote(id, 'approve')
    assert.equal((await client.answer()).status, 200)
    const [request] = stage.api.requests.filter(({ address }) => address === path)
    assert.equal(request?.body.toString(), 'the body')
    assert.equal(arrived(path), 1)
    client.destroy()
  })

  test('that is rejected is refused, and nothing of it goes upstream', async () => {
    const path = `/held/${randomUUID()}`
    const client = await sent(path)
    const { id } = await asked(path)
    await vote(id, 'reject')
    const refused = await client.answer()
    assert.equal(refused.status, 403)
    assert.match(textOf(refused), new RegExp(id))
    assert.equal(arrived(path), 0)
    client.destroy()
  })

  test('is void when its caller goes, whatever people say then', async () => {
    const path = `/held/${randomUUID()}`
    const client = await sent(path)
    const { id } = await asked(path)
    client.destroy()
    await comesTrue('the approval is cancelled', async () =>
      (await stage.events()).some(
        ({ type, data }) => type === 'ApprovalCancelled' && JSON.stringify(data).includes(id),
      ),
    )
    const late = await api('bob', `/v1/approvals/${id}/votes`, { vote: 'approve', reason: 'late' })
    await late.body?.cancel()
    assert.equal(late.status, 409)
    assert.equal(arrived(path), 0)
    assert.ok(stage.api.connections.every(({ up }) => !up.includes(path)))
  })

  test('holds up what was pipelined behind it, in order', async () => {
    const path = `/held/${randomUUID()}`
    const client = await sent(path)
    client.send(request('GET', `${door.prefix}/behind-it`, door.headers))
    const { id } = await asked(path)
    assert.equal(arrived('/behind-it'), 0)
    await vote(id, 'approve')
    assert.match(textOf(await client.answer()), /"at":"\/held\//)
    assert.match(textOf(await client.answer()), /"at":"\/behind-it"/)
    client.destroy()
  })

  test('that is not waited for is pending, and passes once after it was approved', async () => {
    const path = `/held/at-once/${randomUUID()}`
    const ask = async (): Promise<HttpAnswer> => {
      const client = await sent(path)
      const answer = await client.answer()
      client.destroy()
      return answer
    }
    const pending = await ask()
    assert.equal(pending.status, 403)
    assert.match(textOf(pending), /"type":"https:\/\/sluice\.dev\/problems\/pending"/)
    const { id } = await asked(path)
    assert.match(textOf(pending), new RegExp(`ref ${id}`))
    await vote(id, 'approve')
    assert.equal((await ask()).status, 200)
    assert.equal((await ask()).status, 403)
    assert.equal(arrived(path), 1)
  })

  test('is answered 202 at once where the caller prefers that', async () => {
    const path = `/held/${randomUUID()}`
    const client = await sent(path, { prefer: 'respond-async' })
    const accepted = await client.answer()
    assert.equal(accepted.status, 202)
    assert.match(textOf(accepted), /ref apr_[0-9A-Z]{26}/)
    assert.equal(valueOf(accepted, 'preference-applied'), 'respond-async')
    assert.equal(arrived(path), 0)
    const status = valueOf(accepted, 'location') ?? assert.fail('it does not say where to look')
    const { password } = await stage.gateway.login('langchain-reporting', '')
    const stateOf = async (): Promise<unknown> => {
      const response = await fetch(status, { headers: { authorization: `Bearer ${password}` } })
      assert.equal(response.status, 200, `${status} is not for who asked`)
      return ((await response.json()) as { readonly state: unknown }).state
    }
    assert.equal(await stateOf(), 'pending')
    await vote((await asked(path)).id, 'approve')
    assert.equal(await stateOf(), 'approved')
    client.send(request('POST', `${door.prefix}${path}`, door.headers, 'the body'))
    assert.equal((await client.answer()).status, 200)
    assert.equal(arrived(path), 1)
    client.destroy()
  })
})
