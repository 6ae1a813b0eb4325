import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError, type NewEvent } from '@sluice/core'
import type { ExchangeRecord, ExchangesWanted } from './exchange-records.ts'
import type { FoundPage } from './exchange-search.ts'
import { bearer, scriptedApi, type ScriptedApi } from './scripted.ts'

function record(number: number, change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    exchange: `exc_${String(number).padStart(26, '0')}`,
    session: 'ses_1',
    at_ms: 1_000 * number,
    subject: 'test#alice',
    on_behalf_of: null,
    target: 'shop',
    run: null,
    summary: 'sql.select public.orders',
    bytes: 8,
    effect: 'allow',
    rule: 'test/read',
    reason: null,
    decision: 'dec_1',
    revision: 'r1',
    outcome: 'completed',
    status: null,
    rows: 1,
    masked: 0,
    micros: 250,
    ...change,
  }
}

/** Records that are found unless a text is asked for, which none of them has. */
function api(records: readonly ExchangeRecord[] = []) {
  const asked: ExchangesWanted[] = []
  const scripted = scriptedApi({
    exchanges: {
      async search(wanted) {
        asked.push(wanted)
        return wanted.text === undefined ? records.slice(0, wanted.last) : []
      },
      onChange: () => ({ [Symbol.dispose]: () => {} }),
    },
  })
  return { ...scripted, asked }
}

function get({ app }: ScriptedApi, token: string, query = '') {
  return app.inject({ url: `/v1/exchanges${query}`, headers: bearer(token) })
}

async function read({ store }: ScriptedApi): Promise<readonly object[]> {
  const found: object[] = []
  for await (const event of store.read()) if (event.type === 'AdminActed') found.push(event.data)
  return found
}

suite('a search', () => {
  test('an auditor is answered of everybody, page by page', async () => {
    const scripted = api([record(3), record(2), record(1)])
    const answer = await get(scripted, 'erin', '?last=2&effect=allow&table=public.orders')
    assert.equal(answer.statusCode, 200, answer.body)
    const { exchanges, next } = answer.json<FoundPage>()
    const { at_ms: _, ...first } = record(3)
    assert.deepEqual(exchanges[0], { ...first, at: '1970-01-01T00:00:03.000Z' })
    assert.equal(exchanges.length, 2)
    assert.equal(next, `2000.${record(2).exchange}`)
    await get(scripted, 'erin', `?before=${next}`)
    assert.deepEqual(scripted.asked, [
      { effect: 'allow', table: 'public.orders', last: 2, before: undefined },
      { last: 50, before: { at_ms: 2_000, exchange: record(2).exchange } },
    ])
  })

  test('an admin, too; anybody else is answered of their own, for nobody else', async () => {
    const scripted = api()
    await get(scripted, 'grace', '?target=shop')
    assert.equal(scripted.asked.pop()?.subject, undefined)
    for (const token of ['alice', 'dave']) await get(scripted, token, '?target=shop')
    await get(scripted, 'alice', '?subject=test%23alice')
    assert.deepEqual(
      scripted.asked.map(({ subject, on_behalf_of }) => [subject, on_behalf_of]),
      ['test#alice', 'test#dave', 'test#alice'].map((subject) => [subject, null]),
    )
    const foreign = await get(scripted, 'alice', '?subject=test%23bob')
    assert.deepEqual(foreign.json(), { exchanges: [], next: null })
    assert.equal(scripted.asked.length, 3)
  })

  test('what is no search is refused', async () => {
    const scripted = api()
    assert.equal((await scripted.app.inject('/v1/exchanges')).statusCode, 401)
    for (const query of [
      '?effect=maybe',
      '?last=0',
      '?last=1001',
      '?before=1',
      '?since_ms=x',
      '?who=alice',
      '?text=',
    ])
      assert.equal((await get(scripted, 'erin', query)).statusCode, 400, query)
    assert.deepEqual(scripted.asked, [])
  })
})

suite('a search in content', () => {
  async function write(
    scripted: ScriptedApi,
    exchange: string,
    text: string,
    stream = 'ses_1',
  ): Promise<void> {
    const data = { session: stream, exchange, direction: 'response', index: 0, bytes: 1 }
    const event = { id: `evt_${text}`, type: 'RecordingChunk', time: 5_000, data, sealed: Buffer.from(text) }
    await scripted.store.append({ stream, events: [event as NewEvent] })
  }

  test('finds what was asked and seen, of the exchanges that fit otherwise, and nothing that others claim', async () => {
    const scripted = api([record(3), record(2), record(1)])
    await write(scripted, record(1).exchange, 'Nadia Fischer')
    await write(scripted, record(2).exchange, 'somebody else')
    await write(scripted, record(3).exchange, 'nadia fischer, elsewhere', 'ses_2')
    await write(scripted, record(9).exchange, 'NADIA does not fit')
    const { exchanges, next } = (await get(scripted, 'erin', '?text=nadia&content=true')).json<FoundPage>()
    assert.deepEqual([exchanges.map(({ exchange }) => exchange), next], [[record(1).exchange], null])
  })

  test('is in the log before anything is read, without the text', async () => {
    const scripted = api([record(1)])
    await get(scripted, 'erin', '?text=nadia&content=true&target=shop')
    const [acted, ...more] = await read(scripted)
    assert.deepEqual(more, [])
    assert.deepEqual(
      { ...acted, by: null },
      {
        by: null,
        token_id: 'erin',
        action: 'content.read',
        resource: 'exchanges',
        outcome: 'done',
        details: '{"search":"{\\"target\\":\\"shop\\"}","text_chars":"5"}',
      },
    )
    scripted.store.failure = new StoreError('unavailable', 'the log is down')
    assert.equal((await get(scripted, 'erin', '?text=nadia&content=true')).statusCode, 503)
    assert.equal(scripted.asked.length, 2)
  })

  test('is for auditors, and needs a text', async () => {
    const scripted = api([record(1)])
    for (const token of ['alice', 'grace', 'dave'])
      assert.equal((await get(scripted, token, '?text=nadia&content=true')).statusCode, 403)
    assert.equal((await get(scripted, 'erin', '?content=true')).statusCode, 400)
    assert.deepEqual(await read(scripted), [])
    assert.deepEqual(scripted.asked, [])
  })
})
