import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { RecogniserFailed, Refused, Stop, type Shown } from '@sluice/core'
import { builtInDetectors, type Hiding } from '@sluice/masking'
import { EchoGuard, formsOf } from './echo-guard.ts'
import { masked, type MaskContext } from './mask.ts'
import type { Headers, Reply } from './replies.ts'
import { maskContext, ScriptedRecogniser } from './scripted.ts'

const detector = builtInDetectors.get('card') ?? assert.fail()
const hiding: Hiding = {
  content: { paths: [], detectors: [{ detector, request: { method: 'last4' }, rule: 'm' }] },
  recognised: [],
}
const card = '4000290979900015'
const json: Headers = [['content-type', 'application/json']]

async function* answer(
  headers: Headers,
  pieces: readonly Buffer[],
  status = 200,
  trailers: Headers = [],
): AsyncGenerator<Reply> {
  yield { kind: 'head', status, headers }
  for (const bytes of pieces) yield await Promise.resolve({ kind: 'data', bytes })
  yield { kind: 'end', trailers }
}

async function shown(replies: AsyncIterable<Reply>, change: Partial<MaskContext> = {}) {
  const items: Shown<Reply>[] = []
  for await (const each of masked(replies, maskContext(change))) items.push(each)
  const head = items.flatMap(({ item }) => (item.kind === 'head' ? [item] : []))[0]
  const body = Buffer.concat(
    items.flatMap(({ item }) => (item.kind === 'data' ? [item.bytes] : [])),
  ).toString()
  const trailers = items.flatMap(({ item }) => (item.kind === 'end' ? item.trailers : []))
  const record = Buffer.concat(items.map((each) => each.record)).toString()
  return {
    head,
    body,
    trailers,
    record,
    end: items.at(-1)?.end,
    masked: items.flatMap((each) => each.masked),
  }
}

suite('an answer that cannot be looked into', () => {
  const own: Headers = [['content-type', 'application/x-own']]
  const heads = async (replies: AsyncIterable<Reply>, change: Partial<MaskContext>): Promise<number> => {
    let seen = 0
    try {
      for await (const { item } of masked(replies, maskContext(change))) seen += item.kind === 'head' ? 1 : 0
    } catch (error) {
      assert.ok(error instanceof Refused)
      return seen
    }
    return assert.fail('it passed')
  }

  test('is refused before anything of it leaves', async () => {
    assert.equal(await heads(answer(own, [Buffer.from('a')]), { hiding }), 0)
    const guard = new EchoGuard(formsOf({ user: '', password: 'a-secret' }) ?? assert.fail())
    assert.equal(await heads(answer(own, [Buffer.from('a-sec')]), { hiding, guard }), 0)
  })

  test('passes where there is nothing in it', async () => {
    for (const headers of [own, []]) {
      const { head, body, end } = await shown(answer(headers, []), { hiding })
      assert.deepEqual([head?.status, body, end?.outcome], [200, '', 'completed'])
    }
    assert.equal((await shown(answer(own, []), { hiding, bodiless: true })).head?.status, 200)
  })

  test('is one of which the target gives a part, whoever asked for it', async () => {
    for (const status of [206, 226]) {
      assert.equal(await heads(answer(json, [Buffer.from('{}')], status), { hiding }), 0)
      assert.equal((await shown(answer(json, [Buffer.from('{}')], status))).body, '{}')
    }
  })
})

suite('an answer on its way to the caller', () => {
  test('passes byte for byte where nothing is hidden, and is recorded as it was seen', async () => {
    const body = Buffer.from([0xff, 0x00, 0x41])
    const { head, end, record } = await shown(
      answer(
        [
          ['content-length', '3'],
          ['etag', '"x"'],
        ],
        [body],
      ),
    )
    assert.deepEqual(head?.headers, [
      ['content-length', '3'],
      ['etag', '"x"'],
      ['x-sluice-decision', 'dec_1'],
    ])
    assert.deepEqual(end, { outcome: 'completed', status: '200' })
    assert.match(record, /^HTTP\/1\.1 200\r\ncontent-length: 3\r\netag: "x"\r\n\r\n/)
  })

  test('is read along, decoded and before anything is hidden', async () => {
    const read: string[] = []
    const meter = {
      head: (status: number, type: string | null) => read.push(`${status} ${type}`),
      data: (bytes: Buffer) => read.push(bytes.toString()),
      end: () => read.push('end'),
    }
    const text = `{"card":"${card}"}`
    const seen = await shown(answer([...json, ['content-encoding', 'gzip']], [gzipSync(text)]), {
      hiding,
      meter,
    })
    assert.deepEqual(read, ['200 application/json', text, 'end'])
    assert.equal(seen.body.includes(card), false)
  })

  test('hides what a detector finds, wherever the pieces are cut, and says nothing of the bytes that were', async () => {
    const text = Buffer.from(`{"card":"${card}","n":1}`)
    for (let cut = 0; cut <= text.length; cut++) {
      const pieces = [text.subarray(0, cut), text.subarray(cut)].filter(({ length }) => length > 0)
      const seen = await shown(answer([...json, ['content-length', '30'], ['etag', '"x"']], pieces), {
        hiding,
      })
      assert.equal(seen.body, '{"card":"************0015","n":1}')
      assert.equal(seen.record.includes(card), false)
      assert.deepEqual(
        seen.head?.headers.map(([name]) => name),
        ['content-type', 'x-sluice-decision'],
      )
      assert.equal(seen.masked[0]?.values, 1)
    }
  })

  test('hides it in a header as well', async () => {
    const seen = await shown(
      answer(
        [
          ['x-card', card],
          ['x-other', 'stays'],
        ],
        [],
      ),
      { hiding },
    )
    assert.deepEqual(seen.head?.headers.slice(0, 2), [
      ['x-card', '************0015'],
      ['x-other', 'stays'],
    ])
    assert.equal(seen.record.includes(card), false)
  })

  test('hides it in a trailer as well', async () => {
    const seen = await shown(answer(json, [Buffer.from('{}')], 200, [['x-last', card]]), { hiding })
    assert.deepEqual(seen.trailers, [['x-last', '************0015']])
  })

  test('ends where the credential of the gateway is in a trailer', async () => {
    const credential = { user: '', password: 'key-of-the-gateway' }
    const forms = formsOf(credential) ?? assert.fail()
    const trailers: Headers = [['x-debug', credential.password]]
    await assert.rejects(shown(answer([], [], 200, trailers), { guard: new EchoGuard(forms) }), Refused)
  })

  test('is decoded to be looked into', async () => {
    const text = `{"card":"${card}"}`
    for (const [coding, bytes] of [
      ['gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['gzip, br', brotliCompressSync(gzipSync(text))],
    ] as const) {
      const seen = await shown(answer([...json, ['content-encoding', coding]], [bytes]), { hiding })
      assert.equal(seen.body, '{"card":"************0015"}')
    }
  })

  test('is withheld where it cannot be looked into', async () => {
    for (const [headers, bytes] of [
      [[['content-type', 'image/png']], 'x'],
      [[], 'x'],
      [json, '{"a":'],
      [json, '{"a":1} trailing'],
      [[['content-type', 'application/json; charset=utf-16']], '{}'],
      [[...json, ['content-encoding', 'compress']], 'x'],
      [[...json, ['content-encoding', 'gzip']], 'x'],
    ] as const)
      await assert.rejects(shown(answer(headers, [Buffer.from(bytes)]), { hiding }), (error: unknown) => {
        assert.ok(error instanceof Refused)
        assert.equal(error.refusal.rule, 'http/undecodable')
        return true
      })
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20))
    await assert.rejects(
      shown(answer([...json, ['content-encoding', 'gzip']], [bomb]), { hiding }),
      /much larger than it seems/,
    )
  })

  test('is withheld where it says two things of its content: readers take different ones', async () => {
    const text = Buffer.from(`{"card":"${card.replace('4', '\\u0034')}"}`)
    const typed: Headers = [['content-type', 'text/plain'], ...json]
    await assert.rejects(shown(answer(typed, [text]), { hiding }), /withheld/)
    const coded: Headers = [...json, ['content-encoding', 'identity'], ['content-encoding', 'gzip']]
    const credential = { user: '', password: 'very-secret-key' }
    const guard = new EchoGuard(formsOf(credential) ?? assert.fail())
    await assert.rejects(
      shown(answer(coded, [gzipSync(credential.password)]), { guard }),
      /credential of the gateway/,
    )
  })

  test('without content needs no type', async () => {
    for (const status of [200, 204, 304, 302]) {
      const seen = await shown(answer([], [], status), { hiding })
      assert.equal(seen.body, '')
      assert.equal(seen.head?.status, status)
    }
    const head = await shown(answer([['content-encoding', 'gzip']], []), { hiding, bodiless: true })
    assert.equal(head.body, '')
  })

  test('ends where the credential of the gateway is in it, compressed or not, in a header or in the body', async () => {
    const credential = { user: '', password: 'very-secret-key' }
    const change = { guard: new EchoGuard(formsOf(credential) ?? assert.fail()) }
    const echo = Buffer.from(`{"authorization":"Bearer ${credential.password}"}`)
    for (const replies of [
      answer(json, [echo]),
      answer(json, [echo.subarray(0, 30), echo.subarray(30)]),
      answer([...json, ['content-encoding', 'gzip']], [gzipSync(echo)]),
      answer([['x-debug', credential.password]], []),
    ])
      await assert.rejects(shown(replies, change), /credential of the gateway/)
  })

  test('tells of a failure at the target, and of a credential that it does not take', async () => {
    assert.deepEqual((await shown(answer(json, [], 500))).end, { outcome: 'failed', status: '500' })
    const rejected = (): never => {
      throw new Error('not accepted')
    }
    await assert.rejects(shown(answer(json, [], 401), { rejected }), /not accepted/)
  })
})

suite('a recording', () => {
  async function flushed(type: string, pieces: readonly string[]): Promise<readonly unknown[]> {
    const replies = answer(
      [['content-type', type]],
      pieces.map((piece) => Buffer.from(piece)),
    )
    const seen: unknown[] = []
    for await (const { item, flush } of masked(replies, maskContext()))
      if (item.kind === 'data') seen.push(flush)
    return seen
  }

  test('of a stream of events leaves for the log as it passes, and of anything else when it is whole', async () => {
    const events = ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']
    assert.deepEqual(await flushed('text/event-stream; charset=utf-8', events), ['now', 'soon', 'soon'])
    assert.deepEqual(await flushed('application/json', ['[1,', '2]']), [undefined, undefined])
  })
})

suite('an answer that a recogniser must look into', () => {
  const asking = (recogniser: ScriptedRecogniser): Hiding => ({
    ...hiding,
    recognised: [{ recogniser, detector: 'person', request: { method: 'redact' }, rule: 'm' }],
  })
  const events: Headers = [['content-type', 'text/event-stream']]

  async function refused(
    replies: AsyncIterable<Reply>,
    change: Partial<MaskContext>,
  ): Promise<{ readonly rule: string; readonly message: string; readonly before: number }> {
    let before = 0
    try {
      for await (const _piece of masked(replies, maskContext(change))) before += 1
    } catch (error) {
      assert.ok(error instanceof Refused, String(error))
      return { ...error.refusal, before }
    }
    return assert.fail('it passed')
  }

  test('loses what is found in any piece, in a header and in a trailer, beside what has a look', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    const text = Buffer.from(`{"who":"Ann Lee","card":"${card}","n":7}`)
    const seen = await shown(
      answer(
        [...json, ['content-length', '40'], ['x-who', 'Ann Lee'], ['x-other', 'stays']],
        [text.subarray(0, 11), text.subarray(11)],
        200,
        [['x-last', 'of Ann Lee']],
      ),
      { hiding: asking(recogniser) },
    )
    assert.equal(seen.body, '{"who":"[masked]","card":"************0015","n":7}')
    assert.deepEqual(seen.head?.headers, [
      ...json,
      ['x-who', '[masked]'],
      ['x-other', 'stays'],
      ['x-sluice-decision', 'dec_1'],
    ])
    assert.deepEqual(seen.trailers, [['x-last', 'of [masked]']])
    assert.doesNotMatch(seen.record, /Ann/)
    assert.equal(
      seen.masked.reduce((sum, { column, values }) => sum + (column === 'person' ? values : 0), 0),
      3,
    )
    assert.deepEqual(
      new Set(recogniser.asked),
      new Set(['who', 'Ann Lee', 'card', card, 'n', 'stays', 'of Ann Lee']),
    )
  })

  test('is decoded first, and read along once', async () => {
    const read: string[] = []
    const meter = {
      head: (status: number) => read.push(String(status)),
      data: (bytes: Buffer) => read.push(bytes.toString()),
      end: () => read.push('end'),
    }
    const seen = await shown(answer([...json, ['content-encoding', 'gzip']], [gzipSync('["Ann Lee"]')]), {
      hiding: asking(new ScriptedRecogniser('Ann Lee')),
      meter,
    })
    assert.equal(seen.body, '["[masked]"]')
    assert.deepEqual(read, ['200', '["Ann Lee"]', 'end'])
  })

  test('has no body, and is looked into all the same', async () => {
    const seen = await shown(answer([['x-who', 'Ann Lee']], [], 204), {
      hiding: asking(new ScriptedRecogniser('Ann Lee')),
    })
    assert.deepEqual([seen.head?.headers[0], seen.body], [['x-who', '[masked]'], ''])
  })

  test('is refused whole where the recogniser fails, nothing of it having left', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    recogniser.failure = new RecogniserFailed('it answered 500')
    for (const replies of [
      answer(json, [Buffer.from('["x"]')]),
      answer(events, [Buffer.from('data: x\n\n')]),
    ]) {
      const { rule, message, before } = await refused(replies, { hiding: asking(recogniser) })
      assert.deepEqual([rule, before], ['http/recogniser', 0])
      assert.match(message, /it answered 500\. The target has performed the request/)
    }
  })

  test('is an internal error where the recogniser breaks, and quotes nothing', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    recogniser.failure = new Error('Ann Lee')
    await assert.rejects(
      shown(answer(json, [Buffer.from('["x"]')]), { hiding: asking(recogniser) }),
      (error) => !(error instanceof Refused),
    )
  })

  test('is refused where it is too large, cannot be read or has no end, and nobody is asked', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    const large = Buffer.alloc(600_000, ' ')
    async function* endless(): AsyncGenerator<Reply> {
      for await (const reply of answer(json, [Buffer.from('["Ann Lee"]')]))
        if (reply.kind !== 'end') yield reply
    }
    for (const [replies, rule] of [
      [answer(json, [large, large]), 'http/undecodable'],
      [
        answer([...json, ['content-encoding', 'gzip']], [gzipSync(Buffer.concat([large, large]))]),
        'http/undecodable',
      ],
      [answer(json, [Buffer.from('["Ann Lee')]), 'http/undecodable'],
      [answer([['content-type', 'image/png']], [Buffer.from('x')]), 'http/undecodable'],
      [endless(), 'http/upstream'],
    ] as const)
      assert.deepEqual(await refused(replies, { hiding: asking(recogniser) }).then(({ rule }) => rule), rule)
    assert.deepEqual(recogniser.asked, [])
  })

  test('with the credential of the gateway in it is not shown to the recogniser', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    const credential = { user: '', password: 'very-secret-key' }
    const guard = new EchoGuard(formsOf(credential) ?? assert.fail())
    const { rule } = await refused(answer(json, [Buffer.from(`["${credential.password}"]`)]), {
      hiding: asking(recogniser),
      guard,
    })
    assert.equal(rule, 'http/credential_echo')
    assert.deepEqual(recogniser.asked, [])
  })

  test('is not asked about any more once its exchange ends', async () => {
    const recogniser = new ScriptedRecogniser('Ann Lee')
    const stop = new Stop<'cancelled'>()
    recogniser.recognise = (_texts: readonly string[], signal?: AbortSignal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new RecogniserFailed('gone')))
        stop.request('cancelled')
      })
    const { rule } = await refused(answer(json, [Buffer.from('["x"]')]), { hiding: asking(recogniser), stop })
    assert.equal(rule, 'http/stopped')
  })
})

suite('an answer that came in a coding', () => {
  const content = Buffer.from(JSON.stringify({ card }))
  const headers: Headers = [...json, ['content-encoding', 'gzip'], ['content-length', '99'], ['etag', '"x"']]
  const packed = [gzipSync(content)]

  test('leaves in it again where the caller takes that, and is recorded as what it says', async () => {
    const { head, body, record } = await shown(answer(headers, packed), {
      hiding,
      acceptEncoding: 'gzip, br',
    })
    assert.deepEqual(head, {
      kind: 'head',
      status: 200,
      coding: 'gzip',
      headers: [
        ...json,
        ['x-sluice-decision', 'dec_1'],
        ['vary', 'accept-encoding'],
        ['content-encoding', 'gzip'],
      ],
    })
    assert.equal(body, '{"card":"************0015"}')
    assert.equal(record, `HTTP/1.1 200\r\ncontent-type: application/json\r\n\r\n${body}`)
  })

  test('leaves in none for whoever does not, and says on what that depends', async () => {
    for (const acceptEncoding of [null, 'identity', 'br', 'gzip;q=0, *']) {
      const { head } = await shown(answer([...headers, ['vary', 'Origin, Accept-Encoding']], packed), {
        hiding,
        acceptEncoding,
      })
      assert.equal(head?.coding, undefined)
      assert.deepEqual(head?.headers, [
        ...json,
        ['vary', 'Origin, Accept-Encoding'],
        ['x-sluice-decision', 'dec_1'],
      ])
    }
  })

  test('leaves in none where there were two', async () => {
    const twice = answer([...json, ['content-encoding', 'gzip, zstd']], [zstdCompressSync(packed[0] ?? '')])
    const { head, body } = await shown(twice, { hiding, acceptEncoding: 'gzip, zstd' })
    assert.deepEqual(head?.headers, [...json, ['x-sluice-decision', 'dec_1']])
    assert.equal(body, '{"card":"************0015"}')
  })

  test('and has no content stays without one', async () => {
    for (const [bodiless, status] of [
      [true, 200],
      [false, 204],
      [false, 304],
    ] as const) {
      const { head, body } = await shown(answer(headers, [], status), {
        hiding,
        bodiless,
        acceptEncoding: 'gzip',
      })
      assert.deepEqual([head?.coding, body], [undefined, ''])
      assert.deepEqual(head?.headers, [...json, ['x-sluice-decision', 'dec_1']])
    }
  })
})
