import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, parcel } from '../scripted.ts'
import type { Sink } from '../sink.ts'
import { elastic, type ElasticOptions } from './elastic.ts'
import { httpReceiver, json, type HttpReceiver } from './scripted.ts'

const never = new AbortController().signal

function to(url: URL, change: Partial<ElasticOptions> = {}): Sink {
  return elastic({ url, index: 'sluice', login: null, clock, ...change })
}

interface Cluster extends HttpReceiver {
  readonly documents: ReadonlyMap<string, unknown>
}

type Verdict = { readonly status: number; readonly type: string } | undefined

/** `_bulk` as it is documented: lines in pairs, each with an answer of its own. `judge`: what is wrong with one. */
async function cluster(
  judge: (id: string, document: unknown) => Verdict = () => undefined,
): Promise<Cluster> {
  const documents = new Map<string, unknown>()
  const receiver = await httpReceiver(({ path, headers, body }, response) => {
    assert.match(path, /^\/_bulk\?filter_path=/)
    assert.equal(headers['content-type'], 'application/x-ndjson')
    assert.ok(body.endsWith('\n'), 'the last line ends')
    const lines = body
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.equal(lines.length % 2, 0)
    const items = lines.flatMap((action, at) => {
      if (at % 2 === 1) return []
      assert.deepEqual(Object.keys(action), ['create'])
      const { _id: id, _index: index } = action['create'] as { readonly _id: string; readonly _index: string }
      assert.equal(index, 'sluice')
      const verdict = documents.has(id)
        ? { status: 409, type: 'version_conflict_engine_exception' }
        : judge(id, lines[at + 1])
      if (verdict === undefined) documents.set(id, lines[at + 1])
      const error = verdict === undefined ? {} : { error: { type: verdict.type, reason: `[${id}]: no` } }
      return [{ create: { status: verdict?.status ?? 201, ...error } }]
    })
    json(response, 200, { errors: items.some(({ create }) => create.status !== 201), items })
  })
  return Object.assign(receiver, { documents })
}

const batch = ['a', 'b', 'c', 'd'].map((id) => parcel({ id: `evt_${id}`, text: JSON.stringify({ id }) }))

suite('a batch', () => {
  test('is created by the ids of its events, so that a repeat changes nothing', async () => {
    await using receiver = await cluster()
    const sink = to(receiver.url)
    assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
    assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
    await sink.close()
    assert.deepEqual(
      [...receiver.documents],
      batch.map(({ id }) => [id, { id: id.at(-1) }]),
    )
  })

  test('of lines is one of documents with a message and a time', async () => {
    await using receiver = await cluster()
    const sink = to(receiver.url)
    await sink.deliver([parcel({ id: 'evt_x', kind: 'line', text: 'CEF:0|x' })], never)
    await sink.close()
    assert.deepEqual(receiver.documents.get('evt_x'), {
      '@timestamp': '2027-01-15T08:00:00.123Z',
      message: 'CEF:0|x',
    })
  })

  test('is told apart: what does not fit is refused, what is too much is left', async () => {
    await using receiver = await cluster((id) => {
      if (id === 'evt_b') return { status: 400, type: 'document_parsing_exception' }
      if (id === 'evt_c') return { status: 429, type: 'es_rejected_execution_exception' }
      return undefined
    })
    const sink = to(receiver.url)
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'sorted',
      refused: [{ at: 1, reason: 'it answered 400: document_parsing_exception, [evt_b]: no' }],
      left: [2],
      reason: 'it answered 429: es_rejected_execution_exception, [evt_c]: no',
      afterMs: 0,
    })
    await sink.close()
    assert.deepEqual([...receiver.documents.keys()], ['evt_a', 'evt_d'])
  })

  test('of which the index is missing is left, for somebody to make it', async () => {
    await using receiver = await cluster(() => ({ status: 404, type: 'index_not_found_exception' }))
    const sink = to(receiver.url)
    const delivery = await sink.deliver(batch, never)
    await sink.close()
    assert.ok(delivery.kind === 'sorted')
    assert.deepEqual([delivery.refused, delivery.left], [[], [0, 1, 2, 3]])
  })
})

suite('a login', () => {
  const logins: readonly (readonly [NonNullable<ElasticOptions['login']>, string])[] = [
    [{ kind: 'api_key', key: async () => 'a2V5' }, 'ApiKey a2V5'],
    [{ kind: 'basic', user: 'sluice', password: async () => 'pä' }, 'Basic c2x1aWNlOnDDpA=='],
  ]
  for (const [login, expected] of logins)
    test(`by ${login.kind}`, async () => {
      await using receiver = await cluster()
      const sink = to(receiver.url, { login })
      await sink.deliver(batch, never)
      await sink.close()
      assert.equal(receiver.asked[0]?.headers.authorization, expected)
    })
})

suite('an answer for the whole batch', () => {
  const answers: readonly (readonly [number, string, object, object])[] = [
    [429, '{}', { 'retry-after': '4' }, { kind: 'failed', reason: 'it answered 429', afterMs: 4_000 }],
    [503, '', {}, { kind: 'failed', reason: 'it answered 503', afterMs: 0 }],
    [401, '{}', {}, { kind: 'failed', reason: 'it answered 401', afterMs: 0 }],
    [413, '', {}, { kind: 'refused', reason: 'it answered 413' }],
    [400, '{}', {}, { kind: 'refused', reason: 'it answered 400' }],
    [200, '<html>', {}, { kind: 'failed', reason: 'its answer was not one of _bulk', afterMs: 0 }],
    [
      200,
      '{"errors":false,"items":[]}',
      {},
      { kind: 'failed', reason: 'its answer was not one of _bulk', afterMs: 0 },
    ],
  ]
  for (const [status, body, headers, expected] of answers)
    test(`of ${status} ${body}`, async () => {
      await using receiver = await httpReceiver((_, response) =>
        response.writeHead(status, { ...headers }).end(body),
      )
      const sink = to(receiver.url)
      assert.deepEqual(await sink.deliver(batch, never), expected)
      await sink.close()
    })
})
