import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { message, startBackend, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))

/** Nothing comes back while the test runs but where it waits for it. */
const rate = { per_second: 0.5, burst: 5 }

suite('a target that takes so many requests of one subject', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int)')
    const login = backend.login('postgres')
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [
        { name: 'shop', login, settings: { rate } },
        { name: 'open', login },
      ],
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  const connected = async (subject: 'alice' | 'bob', target: string): Promise<WireClient> =>
    WireClient.login(await gateway.login(subject, target))

  async function refusals(client: WireClient, times: number): Promise<number> {
    let refused = 0
    for (let i = 0; i < times; i++) {
      const { errors } = await client.query('insert into t values (1)')
      refused += errors.length
      for (const { code, message: text } of errors) {
        assert.equal(code, '53300')
        assert.match(
          text,
          /takes 5 requests of one subject at once.*Nothing was executed.*Try again in 2 seconds/,
        )
      }
    }
    return refused
  }

  test('refuses the others in its own words, over all connections of the subject, and serves again', async () => {
    const [one, other] = [await connected('alice', 'shop'), await connected('alice', 'shop')]
    const refused = (await refusals(one, 4)) + (await refusals(other, 4))
    assert.ok(refused >= 2 && refused <= 3, `${refused} of 8 refused`)
    const { rows } = await backend.run('postgres', 'select count(*) from t')
    assert.deepEqual(rows, [[String(8 - refused)]])
    await sleep(2_100)
    assert.equal(await refusals(one, 1), 0)
    one.close()
    other.close()
  })

  test('counts each execution of a pipeline, and skips behind the one that is too many', async () => {
    const client = await connected('bob', 'shop')
    const insert = [message.bind({ statement: 's' }), message.execute()]
    const pipeline = [
      message.parse('s', 'insert into t values (2)'),
      ...insert,
      ...insert,
      ...insert,
      ...insert,
      ...insert,
    ]
    const answer = await client.ask(Buffer.concat([...pipeline, message.sync]))
    assert.deepEqual([answer.tags.length, answer.errors.map(({ code }) => code)], [4, ['53300']])
    client.close()
  })

  test('counts each statement of a message', async () => {
    await sleep(2_100)
    const client = await connected('alice', 'shop')
    const many = await client.query('select 1;'.repeat(8))
    assert.equal(many.tags.length, 8)
    assert.equal(await refusals(client, 1), 1)
    await sleep(2_100)
    assert.equal(await refusals(client, 1), 1)
    client.close()
  })

  test('leaves other targets alone', async () => {
    const client = await connected('alice', 'open')
    assert.equal(await refusals(client, 20), 0)
    client.close()
  })

  test('has each refusal in the log, under its rule', async () => {
    const denied = (await gateway.events()).filter(isDeniedByRate)
    assert.ok(denied.length >= 3, `${denied.length} denials`)
  })
})

function isDeniedByRate(event: RecordedEvent): boolean {
  return event.type === 'DecisionMade' && event.data.rule === 'sluice/rate' && event.data.effect === 'deny'
}
