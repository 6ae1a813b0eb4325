import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openMintedPasswords, systemClock, systemIds, tokenIn, type Confinement } from '@sluice/core'
import type { PasswordLine } from './passwords.ts'
import { bearer, identityOf, scriptedApi, ScriptedStore } from './scripted.ts'

async function opened(confined?: Partial<Confinement>) {
  const store = new ScriptedStore()
  const ids = systemIds(systemClock)
  const passwords = await openMintedPasswords({ store, clock: systemClock, ids, report: () => {} })
  const bound = { targets: null, command: null, permits: null, ...confined }
  const authenticator = {
    authenticate: async (proof: Parameters<typeof tokenIn>[0]) => ({
      ...identityOf(tokenIn(proof)),
      ...(confined === undefined ? {} : { confined: bound }),
    }),
  }
  const { app } = scriptedApi({ passwords, authenticator }, store)
  const mint = (payload: object) =>
    app.inject({ method: 'POST', url: '/v1/passwords', headers: bearer('alice'), payload })
  return { store, passwords, mint }
}

suite('POST /v1/passwords', () => {
  test('gives a password for the caller’s own identity, and the log has all of it but that', async () => {
    const { mint, passwords, store } = await opened()
    const answer = await mint({})
    assert.equal(answer.statusCode, 200, answer.body)
    const { user, password, targets } = answer.json<PasswordLine>()
    assert.deepEqual([password, targets], [`slu_of_${user}`, null])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(passwords.of(user)?.subject.id, 'test#alice')
    const events: string[] = []
    for await (const event of store.read()) events.push(`${event.type} ${JSON.stringify(event.data)}`)
    assert.equal(events.length, 1)
    assert.match(events[0] ?? '', /^PasswordMinted .*test#alice/)
    assert.ok(!events[0]?.includes('slu_of'))
  })

  test('bound to targets that there are, and to networks that can be read', async () => {
    const { mint } = await opened()
    const good = (await mint({ targets: ['shop'], from: ['10.0.0.0/8'] })).json<PasswordLine>()
    assert.deepEqual([good.targets, good.from], [['shop'], ['10.0.0.0/8']])
    assert.equal((await mint({ targets: ['payroll'] })).statusCode, 404)
    assert.equal((await mint({ from: ['everywhere'] })).statusCode, 400)
    assert.equal((await mint({ targets: [] })).statusCode, 400)
    assert.equal((await mint({ subject: 'test#bob' })).statusCode, 400)
  })

  test('of a bound token is bound as that is, and never to more', async () => {
    const { mint } = await opened({ targets: ['crm'], networks: ['127.0.0.0/8'] })
    const own = (await mint({})).json<PasswordLine>()
    assert.deepEqual([own.targets, own.from], [['crm'], ['127.0.0.0/8']])
    assert.equal((await mint({ targets: ['shop'] })).statusCode, 403)
    assert.equal((await mint({ from: ['0.0.0.0/0'] })).statusCode, 403)
    const elsewhere = await opened({ networks: ['192.0.2.0/24'] })
    assert.equal((await elsewhere.mint({})).statusCode, 401)
  })
})
