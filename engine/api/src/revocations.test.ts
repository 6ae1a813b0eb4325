import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  openRevocations,
  StoreError,
  systemClock,
  systemIds,
  unrevoked,
  type Revocations,
} from '@sluice/core'
import type { RevocationLine } from './revocations.ts'
import { bearer, identityOf, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

const aToken = `tok_${'A'.repeat(26)}`

suite('revocations at the API', () => {
  let store: ScriptedStore
  let revocations: Revocations
  let api: ScriptedApi
  beforeEach(async () => {
    store = new ScriptedStore()
    const ids = systemIds(systemClock)
    revocations = await openRevocations({ store, clock: systemClock, ids, report: () => {} })
    const issuedAt = Date.now()
    const known = {
      authenticate: async (proof: Parameters<typeof tokenOf>[0]) => ({
        ...identityOf(tokenOf(proof)),
        issuedAt,
      }),
    }
    api = scriptedApi({ revocations, authenticator: unrevoked(known, revocations) }, store)
  })

  function tokenOf(proof: { readonly kind: string; readonly token?: string }): string {
    return proof.token ?? ''
  }

  const revoke = (who: string, payload: object) =>
    api.app.inject({ method: 'POST', url: '/v1/revocations', headers: bearer(who), payload })
  const reason = 'leaked'

  async function listed(who: string): Promise<readonly RevocationLine[]> {
    return (await api.app.inject({ url: '/v1/revocations', headers: bearer(who) })).json()
  }

  test('an admin revokes any token and any subject, and an auditor sees both with why', async () => {
    assert.equal((await revoke('grace', { token: aToken, reason })).statusCode, 200)
    const { statusCode, body } = await revoke('grace', { subject: 'test#alice', reason })
    assert.equal(statusCode, 200, body)
    const lines = await listed('erin')
    assert.deepEqual(
      lines.map(({ of, token, subject, by, reason: why }) => [of, token, subject, by, why]),
      [
        ['token', aToken, null, 'test#grace', reason],
        ['subject', null, 'test#alice', 'test#grace', reason],
      ],
    )
    assert.ok(Date.parse(lines[1]?.issued_up_to ?? '') > Date.now())
    assert.deepEqual(await listed('bob'), [], 'others see nothing of it')
    const dead = await api.app.inject({ url: '/v1/sessions', headers: bearer('alice') })
    assert.equal(dead.statusCode, 401)
    assert.match(dead.body, /tokens of this subject were revoked: get one that is issued after/)
  })

  test('everybody revokes the token that they show, and all of theirs', async () => {
    assert.equal((await revoke('alice/1', { mine: 'this', reason })).statusCode, 200)
    assert.equal((await revoke('alice/1', { mine: 'this', reason })).statusCode, 401)
    assert.equal((await listed('alice/2')).length, 1)
    assert.equal((await revoke('alice/2', { mine: 'all', reason })).statusCode, 200)
    assert.equal((await revoke('alice/3', { mine: 'this', reason })).statusCode, 401)
  })

  test('nobody else revokes what is not theirs, and what they tried is recorded', async () => {
    for (const who of ['alice', 'erin', 'dave']) {
      assert.equal((await revoke(who, { token: aToken, reason })).statusCode, 403)
      assert.equal((await revoke(who, { subject: 'test#grace', reason })).statusCode, 403)
    }
    const types: string[] = []
    for await (const event of store.read()) types.push(event.type)
    assert.deepEqual(
      types,
      Array.from({ length: 6 }, () => 'AdminActed'),
    )
    assert.deepEqual(revocations.list(), [])
  })

  test('what is not exactly one thing with a reason is refused', async () => {
    for (const body of [
      {},
      { reason },
      { token: aToken },
      { token: aToken, reason: '' },
      { token: aToken, subject: 'test#alice', reason },
      { mine: 'everybody', reason },
      { token: 'tok_short', reason },
      { subject: 'alice', reason },
    ])
      assert.equal((await revoke('grace', body)).statusCode, 400, JSON.stringify(body))
  })

  test('without a log nothing is said to be revoked', async () => {
    store.failure = new StoreError('unavailable', 'no log')
    assert.equal((await revoke('grace', { token: aToken, reason })).statusCode, 503)
  })

  test('who follows what happens is let go', async () => {
    const address = await api.app.listen({ host: '127.0.0.1', port: 0 })
    try {
      const opened = async (path: string): Promise<Response> =>
        fetch(`${address}${path}`, { headers: bearer('erin') })
      // The answer begins with the first line.
      await revoke('grace', { token: aToken, reason })
      const [stream, events] = [await opened('/v1/stream'), await opened('/v1/events?follow=true')]
      assert.equal((await revoke('grace', { subject: 'test#erin', reason })).statusCode, 200)
      assert.match(await stream.text(), /event: end\ndata: \{"reason":"revoked"\}/)
      await events.text()
    } finally {
      await api.app.close()
    }
  })
})
