import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ran, scriptedServer } from '../../scripted.ts'

const line = {
  what: 'DELETE FROM public.orders WHERE id = 1',
  action: 'sql.delete',
  origin: 'sample',
  times: 0,
  last_at: null,
  effect: 'hold',
  rule: 'review/delete',
  message: 'Deleting rows needs an approval.',
  masks: [],
  approvers: ['dba'],
  quorum: 1,
  fault: null,
}
const answer = {
  revision: 'a'.repeat(32),
  type: 'service',
  groups: ['langchain'],
  grants: ['reader'],
  sealed: 2,
  requests: [
    line,
    {
      ...line,
      what: 'sql.select public.\u202ecustomers',
      origin: 'recorded',
      times: 7,
      effect: 'allow',
      quorum: 0,
      masks: [{ place: 'public.customers.ssn', method: 'last4', rule: 'masks/protected' }],
    },
  ],
}

async function asked(...args: readonly string[]) {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(answer) }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  return { ...(await ran(['policy', 'can', ...args], env)), asked: api.asked }
}

test('each kind of request is a line, with what it gets, and nothing in a line moves another', async () => {
  const { code, out, asked: requests } = await asked('--subject', 'i#agent', '--target', 'shop')
  assert.equal(code, 0)
  assert.deepEqual(requests, ['GET /v1/policies/can?target=shop&subject=i%23agent'])
  assert.match(out, /^service langchain \+reader, by policy aaaaaaaaaaaa\n/)
  assert.match(out, /DELETE FROM public\.orders WHERE id = 1 +hold +review\/delete +.*1 of dba/)
  assert.match(out, /7× +masked/)
  assert.match(out, /2 recorded requests at hosts are sealed/)
  assert.doesNotMatch(out, /\u202e/)
})

test('as JSON a line is an object', async () => {
  const { out } = await asked('--groups', 'dba,ops', '--type', 'human', '--target', 'shop', '--json')
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((each) => (JSON.parse(each) as { readonly rule: string }).rule),
    ['review/delete', 'review/delete'],
  )
})

for (const args of [
  ['--target', 'shop'],
  ['--subject', 'i#a'],
  ['--subject', 'i#a', '--groups', 'b', '--target', 'shop'],
])
  test(`policy can ${args.join(' ')} is wrong usage`, async () => {
    const { code, asked: requests } = await asked(...args)
    assert.deepEqual([code, requests], [2, []])
  })
