import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { doorAt, startGateway, valueOf, type HttpDoor } from '../../src/index.ts'
import { startIssuer } from '../issuer.ts'
import { startApi } from './api.ts'
import { comesTrue } from './comes-true.ts'
import { keyed, openStage, policies, target } from './stage.ts'

/** Who gets in: a token in one of three headers, as long as it lives; and what others are told. */
const issuer = await startIssuer()
const stage = await openStage({ provider: issuer })
after(async () => {
  await stage[Symbol.asyncDispose]()
  await issuer.close()
})

const door = (headers: Readonly<Record<string, string>>, name: string = target): HttpDoor =>
  doorAt(stage.gateway.http, `/${name}`, headers)

interface Told {
  readonly status: number
  readonly code: string
  readonly detail: string
}

async function ask({ url, headers }: HttpDoor, path = '/json'): Promise<Told> {
  const response = await fetch(`${url}${path}`, { headers })
  const { type = '', detail = '' } = (await response.json()) as {
    readonly type?: string
    readonly detail?: string
  }
  return { status: response.status, code: type.split('/').at(-1) ?? '', detail }
}

/** The credential that the API was shown. */
function shownAt(path: string): string | undefined {
  const heard = stage.api.requests.find(({ address }) => address === path)
  return heard === undefined ? undefined : valueOf(heard, 'authorization')
}

suite('a token', () => {
  const bearer = (): string => `Bearer ${issuer.mint(60)}`

  test('in X-Sluice-Authorization lets its subject in, and leaves Authorization to the caller', async () => {
    const headers = { 'x-sluice-authorization': bearer(), authorization: 'Bearer key-of-the-caller' }
    assert.equal((await ask(door(headers), '/own-key')).status, 200)
    assert.equal(shownAt('/own-key'), 'Bearer key-of-the-caller')
  })

  for (const name of ['authorization', 'proxy-authorization'])
    test(`in ${name} lets its subject in where the gateway has a key of its own`, async () => {
      assert.equal((await ask(door({ [name]: bearer() }, keyed.name), `/by-${name}`)).status, 200)
      assert.equal(shownAt(`/by-${name}`), `Bearer ${keyed.key}`)
    })

  test('is the key of an SDK that knows no other header', async () => {
    const { url } = door({}, keyed.name)
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: issuer.mint(60) })
    const messages = [{ role: 'user' as const, content: 'Two and two?' }]
    const answer = await client.chat.completions.create({ model: 'scripted', messages })
    assert.match(answer.choices[0]?.message.content ?? '', /four/)
    assert.equal(shownAt('/v1/chat/completions'), `Bearer ${keyed.key}`)
  })

  const refused: Readonly<Record<string, readonly [() => string, RegExp]>> = {
    'that has expired': [() => issuer.mint(-5), /expired/],
    'for another audience': [() => issuer.mint(60, { aud: 'else' }), /token/],
    'that somebody else signed': [() => issuer.forge(), /token/],
    'that is none': [() => 'not-a-token', /token/],
  }
  for (const [which, [mint, words]] of Object.entries(refused))
    test(`${which} is 401, and is not shown again`, async () => {
      const token = mint()
      const { status, detail } = await ask(door({ 'x-sluice-authorization': `Bearer ${token}` }))
      assert.equal(status, 401)
      assert.match(detail, words)
      assert.ok(!detail.includes(token))
    })

  test('is asked for where there is none', async () => {
    const response = await fetch(door({}).url)
    await response.body?.cancel()
    assert.deepEqual(
      [response.status, response.headers.get('www-authenticate')],
      [401, 'Bearer realm="sluice"'],
    )
  })

  test('of whoever has one says nothing of targets that do not exist', async () => {
    const headers = { 'x-sluice-authorization': `Bearer ${issuer.mint(60)}` }
    const { status, code } = await ask(door(headers, 'nowhere'))
    assert.deepEqual([status, code], [404, 'target_unknown'])
  })

  test('that expires between two requests on one connection is 401 for the second', async () => {
    const own = door({ 'x-sluice-authorization': `Bearer ${issuer.mint(2)}` })
    assert.equal((await ask(own)).status, 200)
    const before = stage.api.requests.length
    await comesTrue('it expires', async () => {
      const { status, code, detail } = await ask(own, '/after-expiry')
      if (status === 200) return false
      assert.deepEqual([status, code], [401, 'token_expired'], detail)
      return true
    })
    const arrived = stage.api.requests.length
    assert.equal((await ask(own, '/after-expiry')).status, 401)
    assert.equal(stage.api.requests.length, arrived)
    assert.ok(arrived >= before)
  })

  test('never reaches the API, nor does any header of the gateway', async () => {
    const token = issuer.mint(60)
    await ask(door({ 'x-sluice-authorization': `Bearer ${token}`, 'x-sluice-run-id': 'run-1' }), '/looked-at')
    const heard = stage.api.requests.find(({ address }) => address === '/looked-at')
    assert.ok(heard !== undefined)
    assert.ok(!heard.raw.includes(token))
    assert.deepEqual(
      heard.headers.filter(([name]) => name.startsWith('x-sluice')),
      [],
    )
  })
})

suite('a session', () => {
  test('that ended is followed by a new one, under the same token', async () => {
    const headers = {
      'x-sluice-authorization': `Bearer ${issuer.mint(60, { sub: 'killed', groups: ['operators'] })}`,
    }
    const own = door(headers)
    assert.equal((await ask(own)).status, 200)
    const sessions = async (): Promise<readonly string[]> =>
      (await stage.events())
        .filter(({ type, data }) => type === 'SessionOpened' && JSON.stringify(data).includes('#killed'))
        .map(({ stream }) => stream)
    const [first = ''] = await sessions()
    const { host, port } = stage.gateway.api
    const killed = await fetch(`http://${host}:${port}/v1/sessions/${first}/kill`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${issuer.mint(60, { sub: 'killed', groups: ['operators'] })}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ reason: 'tested' }),
    })
    assert.equal(killed.status, 200, await killed.text())
    await comesTrue('a new session serves', async () => (await ask(own)).status === 200)
    assert.equal((await sessions()).length, 2)
  })

  test('goes on at the next gateway, after a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'sluice-restart-'))
    const api = await startApi()
    const options = { provider: issuer, policies, targets: [{ name: target, http: api }], data }
    const headers = { 'x-sluice-authorization': `Bearer ${issuer.mint(120)}` }
    for (const _ of ['before', 'after']) {
      const gateway = await startGateway(options)
      assert.equal((await ask(doorAt(gateway.http, `/${target}`, headers))).status, 200)
      await gateway.close()
    }
    assert.equal(api.requests.length, 2)
    await api.close()
    await rm(data, { recursive: true, force: true })
  })
})
