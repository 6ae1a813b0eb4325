import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Unusable } from './policy-draft.ts'
import type { CanQuestion, PolicyQuestions } from './policy-question.ts'
import { bearer, scriptedApi } from './scripted.ts'

const session = `ses_${'0'.repeat(26)}`
const exchange = `exc_${'0'.repeat(26)}`

function api(change: Partial<PolicyQuestions> = {}) {
  const asked: unknown[] = []
  const questions: PolicyQuestions = {
    async explain(...of) {
      asked.push(of)
      return { decision: 'dec_1', revision: 'r', by: 'r', actions: [] }
    },
    async can(question: CanQuestion) {
      asked.push(question)
      return {
        revision: 'r',
        subject: null,
        type: 'service',
        groups: [],
        grants: [],
        target: question.target.name,
        protocol: question.target.protocol,
        sealed: 0,
        at: new Date(0).toISOString(),
        requests: [],
      }
    },
    ...change,
  }
  const { app } = scriptedApi({ questions })
  const get = (path: string, token = 'erin') =>
    app.inject({ url: `/v1/policies/${path}`, headers: bearer(token) })
  return { asked, get }
}

const why = `explain?session=${session}&exchange=${exchange}`

test('admins and auditors ask why, by the policies that decided or by others', async () => {
  const { get, asked } = api()
  for (const name of ['erin', 'carol']) assert.equal((await get(why, name)).statusCode, 200)
  assert.equal((await get(`${why}&revision=${'a'.repeat(32)}`)).statusCode, 200)
  assert.deepEqual(asked, [
    [null, session, exchange],
    [null, session, exchange],
    ['a'.repeat(32), session, exchange],
  ])
})

for (const path of [why, 'can?target=shop&groups=a'])
  test(`${path.slice(0, 7)} is for nobody else, and nothing is looked up for them`, async () => {
    const { get, asked } = api()
    for (const name of ['alice', 'bob', 'dave']) assert.equal((await get(path, name)).statusCode, 403, name)
    assert.equal((await get(path, 'mallory')).statusCode, 401)
    assert.deepEqual(asked, [])
  })

test('what no policies decided has no why, and a name of a revision is one', async () => {
  const { get } = api({ explain: async () => null })
  assert.equal((await get(why)).statusCode, 404)
  assert.equal((await get(`${why}&revision=latest`)).statusCode, 400)
  assert.equal((await get(`explain?session=${session}`)).statusCode, 400)
})

test('policies that this version cannot compile are told', async () => {
  const finding = { file: 'a.rego', row: 3, col: 1, code: 'rego_parse_error', message: 'unexpected }' }
  const { get } = api({ explain: () => Promise.reject(new Unusable([finding])) })
  const answer = await get(why)
  assert.equal(answer.statusCode, 409)
  assert.match(answer.json<{ detail: string }>().detail, /a\.rego:3: unexpected \}/)
})

test('somebody is a subject or anybody of groups, at a target that is served', async () => {
  const { get, asked } = api()
  const answer = await get('can?target=shop&groups=dba,%20ops,&type=human')
  assert.equal(answer.statusCode, 200, answer.body)
  const { whom, target } = asked[0] as CanQuestion
  assert.deepEqual(whom, { kind: 'groups', groups: ['dba', 'ops'], type: 'human' })
  assert.equal(target.name, 'shop')
  assert.equal((await get('can?target=nowhere&groups=dba')).statusCode, 404)
  for (const wrong of ['can?target=shop', 'can?target=shop&groups=a&subject=b', 'can?groups=a'])
    assert.equal((await get(wrong)).statusCode, 400, wrong)
})

test('whom the record does not know is told', async () => {
  const { get } = api({ can: async () => null })
  const answer = await get('can?target=shop&subject=i%23nobody')
  assert.equal(answer.statusCode, 404)
  assert.match(answer.json<{ detail: string }>().detail, /Name groups instead/)
})

test('they are answered one after the other, and not for a crowd', async () => {
  const first = Promise.withResolvers<void>()
  let [at, most] = [0, 0]
  const { get } = api({
    async explain() {
      most = Math.max(most, (at += 1))
      await first.promise
      at -= 1
      return null
    },
  })
  const crowd = Array.from({ length: 30 }, () => get(why))
  assert.equal((await Promise.race(crowd)).statusCode, 429)
  first.resolve()
  const statuses = (await Promise.all(crowd)).map(({ statusCode }) => statusCode)
  assert.deepEqual([statuses.filter((status) => status === 404).length, most], [9, 1])
  assert.equal(statuses.filter((status) => status === 429).length, 21)
  assert.equal((await get(why)).statusCode, 404)
})
