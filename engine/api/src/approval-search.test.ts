import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import type { ApprovalView, Asked } from '@sluice/core'
import type { ApprovalLine } from './approval-page.ts'
import { approvalsApi, pastOf, type ApprovalsApi } from './scripted-approvals.ts'
import { bearer, identityOf } from './scripted.ts'

function get({ app }: ApprovalsApi, path: string, token: string): Promise<LightMyRequestResponse> {
  return app.inject({ url: `/v1/approvals${path}`, headers: bearer(token) })
}

async function ids(api: ApprovalsApi, query: string, token = 'erin'): Promise<readonly string[]> {
  const answer = await get(api, query, token)
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<readonly ApprovalLine[]>().map(({ id }) => id)
}

async function rejected(api: ApprovalsApi, token: string, change?: Partial<Asked>): Promise<ApprovalView> {
  const { id } = await api.ask(token, change)
  const result = await api.approvals.vote(id, identityOf('dave'), 'reject', 'no')
  assert.ok(result.kind === 'accepted')
  return result.approval
}

/** Another gateway, whose own book knows nothing of it, with the records of `there` as they are by now. */
async function later(there: ApprovalsApi): Promise<ApprovalsApi> {
  return approvalsApi(await pastOf(there))
}

test('what ended elsewhere or before a restart is listed and shown, with its content', async () => {
  const there = await approvalsApi()
  const { id } = await rejected(there, 'alice')
  const here = await later(there)
  const [line] = (await get(here, '?state=all', 'dave')).json<readonly ApprovalLine[]>()
  assert.deepEqual(
    [line?.id, line?.state, line?.statement],
    [id, 'rejected', 'delete from orders where id = 7'],
  )
  const page = (await get(here, `/${id}`, 'dave')).json()
  assert.deepEqual([page.state, page.votes[0]?.reason], ['rejected', 'no'])
  assert.equal(page.request.statement.text, 'delete from orders where id = 7')
})

test('for whom it does not exist, it does not exist among what is past either', async () => {
  const there = await approvalsApi()
  const { id } = await rejected(there, 'carol')
  const here = await later(there)
  for (const token of ['alice', 'bob', 'heidi']) {
    assert.deepEqual(await ids(here, '?state=all', token), [])
    assert.equal((await get(here, `/${id}`, token)).statusCode, 404)
    const vote = await here.app.inject({
      url: `/v1/approvals/${id}/votes`,
      method: 'POST',
      headers: bearer(token),
      payload: { vote: 'approve' },
    })
    assert.equal(vote.statusCode, 404)
  }
  assert.deepEqual(await ids(here, '?state=all', 'carol'), [id], 'who asked')
})

test('an auditor sees what is past without its values', async () => {
  const there = await approvalsApi()
  const { id } = await rejected(there, 'alice')
  const here = await later(there)
  for (const path of ['?state=all', `/${id}`]) {
    const { body } = await get(here, path, 'erin')
    assert.match(body, /delete from orders where id = /)
    assert.doesNotMatch(body, /where id = 7/)
  }
})

test('what was erased is null, not an error', async () => {
  const there = await approvalsApi()
  const { id } = await rejected(there, 'alice')
  there.store.contents.clear()
  const page = await get(await later(there), `/${id}`, 'dave')
  assert.deepEqual([page.statusCode, page.json().statement, page.json().request], [200, null, null])
})

test('a vote on what is past is a conflict that says how it ended', async () => {
  const there = await approvalsApi()
  const { id } = await rejected(there, 'alice')
  const here = await later(there)
  const answer = await here.app.inject({
    url: `/v1/approvals/${id}/votes`,
    method: 'POST',
    headers: bearer('dave'),
    payload: { vote: 'approve' },
  })
  assert.deepEqual([answer.statusCode, answer.json().detail], [409, 'This approval is rejected.'])
  assert.equal(answer.json().approval.id, id)
})

test('what is pending comes from the book alone, beside what is past', async () => {
  const there = await approvalsApi()
  const old = await rejected(there, 'alice')
  const here = await later(there)
  const pending = await here.ask('alice')
  assert.deepEqual(await ids(here, ''), [pending.id])
  assert.deepEqual(await ids(here, '?state=approved'), [])
  assert.deepEqual(await ids(here, '?state=rejected'), [old.id])
  assert.deepEqual(await ids(here, '?state=all'), [old.id, pending.id].toSorted())
})

test('filters hold for what is live and what is past alike', async () => {
  const there = await approvalsApi()
  const old = await rejected(there, 'alice')
  await rejected(there, 'carol', { target: 'stock' })
  const here = await later(there)
  const pending = await here.ask('alice')
  await here.ask('carol', { target: 'stock' })
  const wanted = [old.id, pending.id].toSorted()
  assert.deepEqual(await ids(here, '?state=all&target=shop'), wanted)
  assert.deepEqual(await ids(here, '?state=all&subject=test%23alice'), wanted)
  assert.deepEqual(await ids(here, '?state=all&subject=test%23nobody'), [])
  assert.deepEqual(await ids(here, `?state=all&until_ms=${old.requestedAt}`), [])
  assert.equal((await ids(here, `?state=all&since_ms=${old.requestedAt}`)).length, 4)
})

test('pages go back until there is no more, over what is live and what is past', async () => {
  const there = await approvalsApi()
  const asked: string[] = []
  for (let n = 0; n < 4; n++) asked.push((await rejected(there, 'alice')).id)
  const other = await rejected(there, 'carol')
  const here = await later(there)
  asked.push((await here.ask('alice')).id)
  const pages: (readonly string[])[] = []
  for (let before = ''; ;) {
    const page = await ids(here, `?state=all&last=2${before}`)
    if (page.length === 0) break
    pages.unshift(page)
    before = `&before=${page[0]}`
  }
  assert.deepEqual(pages.flat(), [...asked, other.id].toSorted())
  const own = await ids(here, '?state=all&last=5', 'alice')
  assert.deepEqual(own, asked.toSorted(), 'those of others take no place')
})

for (const wrong of [
  'before=apr_1',
  'before=exc_00000000000000000000000000',
  'since_ms=x',
  'last=501',
  'sate=all',
])
  test(`?${wrong} is refused`, async () => {
    assert.equal((await get(await approvalsApi(), `?${wrong}`, 'erin')).statusCode, 400)
  })
