import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { sluice } from '@sluice/cli'
import { startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'
import { starterPolicies } from './stage.ts'

/** People at a terminal decide on what a program asks for through the gateway. */

interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

interface Line {
  readonly id: string
  readonly state: string
  readonly statement: string
  readonly subject: string
}

suite('an approval at the command line', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table orders (id int primary key, total int)')
    await backend.run('postgres', 'insert into orders select i, 10 * i from generate_series(1, 40) i')
    await backend.run('postgres', 'analyze orders')
    gateway = await startGateway({
      provider,
      policies: starterPolicies,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  /** One run of `sluice …` as somebody. */
  async function ran(who: DemoSubject, ...args: readonly string[]): Promise<Ended> {
    const { password } = await gateway.login(who, 'shop')
    const { host, port } = gateway.api
    const written = { out: '', error: '' }
    const code = await sluice(args, {
      env: { SLUICE_URL: `http://${host}:${port}`, SLUICE_TOKEN: password, SLUICE_DATA: '/nowhere' },
      signal: new AbortController().signal,
      out: (text) => (written.out += text),
      error: (text) => (written.error += text),
    })
    return { code, ...written }
  }

  async function listed(who: DemoSubject, ...args: readonly string[]): Promise<readonly Line[]> {
    const { code, out, error } = await ran(who, 'approvals', 'ls', '--json', ...args)
    assert.equal(code, 0, error)
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  async function deleting(sql: string): Promise<WireClient> {
    const client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    await client.query('select total from orders where id = 1')
    client.send(message.query(sql))
    await client.until((messages) => messages.some(({ type }) => type === 'N'))
    return client
  }

  async function rows(): Promise<number> {
    return Number((await backend.run('postgres', 'select count(*) from orders')).rows[0]?.[0])
  }

  test('is seen, shown, refused to its requester, and given by somebody else', async () => {
    const client = await deleting('delete from orders where id = 7')
    const [line] = await listed('bob')
    assert.ok(line !== undefined)
    assert.deepEqual(
      [line.state, line.subject, line.statement],
      ['pending', 'demo#langchain-reporting', 'delete from orders where id = 7'],
    )
    const page = await ran('bob', 'approvals', 'show', line.id)
    assert.match(page.out, /\n {4}\| delete from orders where id = 7\n/)
    assert.match(page.out, /estimate +public\.orders: about 40 rows/)
    assert.match(page.out, /action +sql\.delete; delete public\.orders \(.*\); with WHERE/)
    assert.match(page.out, /sql\.select +completed +public\.orders/)
    for (const [who, expected] of [
      ['langchain-reporting', /own request\. Ask one of dba/],
      ['erin', /needs the role approver\. Ask one of dba/],
      ['alice', /can see no approval of that id/],
    ] as const) {
      const tried = await ran(who, 'approvals', 'approve', line.id)
      assert.equal(tried.code, 1)
      assert.match(tried.error, expected)
    }
    assert.equal(await rows(), 40)
    const approved = await ran('bob', 'approvals', 'approve', line.id, '--reason', 'ticket 7')
    assert.deepEqual([approved.code, approved.out], [0, `${line.id} is approved\n`])
    assert.deepEqual((await client.ready()).tags, ['DELETE 1'])
    assert.equal(await rows(), 39)
    assert.deepEqual(await listed('bob'), [])
    assert.equal((await listed('erin', '--state', 'all'))[0]?.state, 'consumed')
    const late = await ran('carol', 'approvals', 'reject', line.id, '--reason', 'too late')
    assert.equal(late.code, 1)
    assert.match(late.error, /This approval is consumed/)
    client.close()
  })

  test('that is rejected is an error for its caller, with the reason', async () => {
    const client = await deleting('delete from orders where id = 8')
    const [line] = await listed('carol')
    const rejected = await ran('carol', 'approvals', 'reject', line?.id ?? '', '--reason', 'not now')
    assert.equal(rejected.code, 0, rejected.error)
    const [error] = (await client.ready()).errors
    assert.equal(error?.code, '42501')
    assert.match(error.message, /rejected: not now/)
    assert.equal(await rows(), 39)
    client.close()
  })

  test('goes with its session, which an admin ends at once', async () => {
    const client = await deleting('delete from orders where id = 9')
    const [line] = await listed('bob')
    const { out } = await ran('carol', 'sessions', 'ls', '--json')
    const session = out
      .split('\n')
      .filter((each) => each !== '')
      .map((each) => JSON.parse(each) as { id: string; in_flight: number })
      .find(({ in_flight: running }) => running === 1)
    assert.ok(session !== undefined, out)
    const shown = await ran('erin', 'sessions', 'show', session.id)
    assert.match(shown.out, /sql\.delete +hold +review\/delete +held/)
    assert.equal((await ran('erin', 'sessions', 'kill', session.id)).code, 1)
    assert.equal((await ran('carol', 'sessions', 'kill', session.id, '--reason', 'wild')).code, 0)
    const end = await client.end()
    assert.ok(
      end.errors.some(({ code }) => code === '57P01'),
      end.text,
    )
    assert.equal(end.closed, true)
    assert.equal((await ran('bob', 'approvals', 'approve', line?.id ?? '')).code, 1)
    assert.equal(await rows(), 39)
    const events = await gateway.events()
    assert.ok(events.some((event) => event.type === 'SessionKilled' && event.data.session === session.id))
  })
})
