import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, Refused } from './errors.ts'
import { limits } from './limits.ts'
import { byToken, tokenIn } from './proof.ts'
import type { Identity } from './request.ts'
import { createStanding, noting } from './standing.ts'

test('the groups of a subject are those in which it was seen last', () => {
  const standing = createStanding()
  assert.equal(standing.groupsOf('idp#bob'), undefined)
  standing.note({ id: 'idp#bob', groups: ['dba'] })
  assert.deepEqual(standing.groupsOf('idp#bob'), ['dba'])
  standing.note({ id: 'idp#bob', groups: [] })
  assert.deepEqual(standing.groupsOf('idp#bob'), [])
})

test('who was away longest is forgotten first', () => {
  const standing = createStanding()
  for (const id of ['first', 'second']) standing.note({ id, groups: ['dba'] })
  standing.note({ id: 'first', groups: ['dba'] })
  for (let count = 2; count <= limits.standingsMax; count++) standing.note({ id: `${count}`, groups: [] })
  assert.deepEqual(standing.groupsOf('first'), ['dba'])
  assert.equal(standing.groupsOf('second'), undefined)
})

test('whoever authenticates is noted, and nobody else', async () => {
  const standing = createStanding()
  const bob: Identity = {
    subject: { id: 'idp#bob', type: 'human', issuer: 'idp', groups: ['dba'], claims: {}, on_behalf_of: null },
    tokenId: 'tok_1',
    expiresAt: 1,
  }
  const authenticator = noting(
    {
      authenticate: async (proof) => {
        if (tokenIn(proof) !== 'good') throw new Refused(refusal('token_refused', 'identity/token', 'No.'))
        return bob
      },
    },
    standing,
  )
  await assert.rejects(authenticator.authenticate(byToken('forged')), Refused)
  assert.equal(standing.groupsOf('idp#bob'), undefined)
  assert.equal(await authenticator.authenticate(byToken('good')), bob)
  assert.deepEqual(standing.groupsOf('idp#bob'), ['dba'])
})
