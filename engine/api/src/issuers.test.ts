import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { IssuerState } from '@sluice/identity'
import type { IssuerLine } from './issuers.ts'
import { bearer, scriptedApi } from './scripted.ts'

const state: IssuerState = {
  name: 'okta',
  kind: 'oidc',
  issuer: 'https://okta.example',
  audience: 'sluice',
  groupsClaim: 'groups',
  mappings: 0,
  console: true,
  keys: { readMs: 1_000, count: 2, trouble: null },
  tally: {
    accepted: 5,
    acceptedMs: 2_000,
    refused: 1,
    lastRefusal: { atMs: 3_000, rule: 'identity/signature' },
    reasons: [['identity/signature', 1]],
  },
}

test('issuers with the age of their keys and what became of their tokens, for admins and auditors', async () => {
  const { app } = scriptedApi({ issuers: () => [state] })
  const get = (token: string) => app.inject({ url: '/v1/issuers', headers: bearer(token) })
  for (const token of ['erin', 'grace']) {
    const [line] = (await get(token)).json<readonly IssuerLine[]>()
    assert.deepEqual(line, {
      name: 'okta',
      kind: 'oidc',
      issuer: 'https://okta.example',
      audience: 'sluice',
      groups_claim: 'groups',
      mappings: 0,
      console: true,
      keys: { read_at: '1970-01-01T00:00:01.000Z', count: 2, trouble: null },
      accepted: 5,
      accepted_at: '1970-01-01T00:00:02.000Z',
      refused: 1,
      last_refusal: { at: '1970-01-01T00:00:03.000Z', rule: 'identity/signature' },
      refusals: [{ rule: 'identity/signature', count: 1 }],
    })
  }
  assert.equal((await get('alice')).statusCode, 403)
})
