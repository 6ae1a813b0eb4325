import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, WireClient, type Backend, type Transcript } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

const policies = fileURLToPath(new URL('policies/masks', import.meta.url))

/** Nothing comes back while the test runs. */
const conditions = { per_hour: 1, burst: 5 }
const rule = { method: 'last4', derived: 'mask', predicates: 'budget' }
const masked = { 'public.people': { ssn: rule, mail: { method: 'last4' } } }

suite('masks with a budget for conditions', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run(
      'postgres',
      `create table people (id int, ssn text, mail text);
      insert into people values (1, '917-26-4835', 'ann@example.com'), (2, '219-09-9999', 'bob@example.com')`,
    )
    const login = backend.login('postgres')
    const target = (name: string): object => ({ name, login, settings: { conditions } })
    gateway = await startGateway({
      provider,
      policies,
      policyData: { masked },
      targets: [target('shop'), target('other')] as never,
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  const connected = async (subject: 'alice' | 'bob' | 'carol', target = 'shop'): Promise<WireClient> =>
    WireClient.login(await gateway.login(subject, target))
  const told = ({ errors }: Transcript): string =>
    errors.map(({ code, message: text }) => `${code} ${text}`).join()

  /** How many steps of a search bit by bit are answered. */
  async function search(client: WireClient): Promise<number> {
    let answered = 0
    for (let digit = 0; digit < 10; digit++) {
      const answer = await client.query(`select count(*) from people where ssn like '${digit}%'`)
      if (answer.errors.length === 0) answered++
      else assert.match(told(answer), /^42501 .*budget of conditions .*5 at once and 1 an hour/)
    }
    return answered
  }

  test('answers so many, over all connections of the subject, and then refuses', async () => {
    const [one, other] = [await connected('alice'), await connected('alice')]
    assert.equal(await search(one), 5)
    assert.equal(await search(other), 0)
    one.close()
    other.close()
  })

  test('leaves what asks no such condition alone, and other subjects and targets', async () => {
    const alice = await connected('alice')
    for (const sql of [
      'select id, ssn from people',
      'select upper(ssn) from people where id = 1',
      'select 1',
    ])
      assert.equal(told(await alice.query(sql)), '', sql)
    assert.match(told(await alice.query("select 1 from people where ssn = '1'")), /budget/)
    const [elsewhere, bob] = [await connected('alice', 'other'), await connected('bob')]
    assert.equal(await search(elsewhere), 5)
    assert.equal(await search(bob), 5)
    for (const client of [alice, elsewhere, bob]) client.close()
  })

  test('counts each condition of a statement and each execution of a prepared one', async () => {
    const carol = await connected('carol')
    const two = "select 1 from people where ssn > '5' or ssn < '2' or ssn = '3'"
    assert.equal(told(await carol.query(two)), '')
    const { parse, bind, execute, sync } = message
    const run = [bind({ values: [Buffer.from('9%')], statement: 's' }), execute()]
    const answer = await carol.ask(
      parse('s', 'select count(*) from people where ssn like $1'),
      ...run,
      ...run,
      ...run,
      sync,
    )
    assert.deepEqual([answer.tags.length, answer.errors.map(({ code }) => code)], [2, ['42501']])
    carol.close()
  })

  test('does not loosen what another rule refuses', async () => {
    const client = await connected('bob', 'other')
    assert.match(told(await client.query("select 1 from people where mail like 'a%'")), /mail is masked/)
    client.close()
  })

  test('has each refusal in the log, under its rule', async () => {
    const denied = (await gateway.events()).filter(
      (event) => event.type === 'DecisionMade' && event.data.rule === 'sluice/conditions',
    )
    assert.ok(denied.length > 10, `${denied.length} denials`)
  })
})
