import { after, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, StoreError, type EventData, type NewEvent } from '@sluice/core'
import { HttpClient, intercepted, request, type HttpAnswer } from '../../src/index.ts'
import { comesTrue } from './comes-true.ts'
import { openStage } from './stage.ts'

/** What cannot be read in one way only is refused, and who looks at the log sees that somebody tried. */

const appended: NewEvent[] = []
let logIsDown = false
const stage = await openStage({
  store: (store) =>
    intercepted(store, (unit, options) => {
      if (logIsDown) return Promise.reject(new StoreError('unavailable', 'no log'))
      appended.push(...unit.events)
      return store.append(unit, options)
    }),
})
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()
const token = door.headers['x-sluice-authorization']?.slice('Bearer '.length) ?? ''
const heardBefore = stage.api.requests.length
beforeEach(() => {
  appended.length = 0
  logIsDown = false
})

function all<T extends NewEvent['type']>(type: T): readonly EventData[T][] {
  return appended.flatMap((event) => (event.type === type ? [event.data as EventData[T]] : []))
}

/** What was recorded of requests, as it is before it is sealed. */
function contents(): readonly string[] {
  return appended.flatMap(({ type, sealed }) =>
    type === 'RequestReceived' && sealed !== undefined ? [Buffer.from(sealed).toString('latin1')] : [],
  )
}

type Fields = Readonly<Record<string, string>>

interface Attempt {
  readonly rule: string
  readonly status: number
  /** Of the action, where its head could be read. */
  readonly action?: string
  readonly bytes: (fields: Fields) => Buffer | string
}

const { prefix } = door
const large = 'x'.repeat(1_048_577)
const attempts: Readonly<Record<string, Attempt>> = {
  'an ambiguous path': {
    rule: 'http/path',
    status: 400,
    bytes: (fields) => request('GET', `${prefix}/%2e%2e/admin`, fields),
  },
  'a header twice': {
    rule: 'http/head',
    status: 400,
    bytes: (fields) => request('GET', `${prefix}/a`, { ...fields, Cookie: 'a=1', cookie: 'b=2' }),
  },
  'another coding than chunked': {
    rule: 'http/framing',
    status: 501,
    bytes: (fields) => request('POST', `${prefix}/a`, { ...fields, 'transfer-encoding': 'gzip, chunked' }),
  },
  'a method that is none here': {
    rule: 'http/method',
    status: 405,
    bytes: (fields) => request('TRACE', `${prefix}/a`, fields),
  },
  'a method in a header': {
    rule: 'http/method_override',
    status: 400,
    bytes: (fields) => request('POST', `${prefix}/a`, { ...fields, 'x-http-method-override': 'DELETE' }),
  },
  'an expectation': {
    rule: 'http/expect',
    status: 417,
    bytes: (fields) => request('GET', `${prefix}/a`, { ...fields, expect: 'the-unexpected' }),
  },
  'a change of protocol': {
    rule: 'http/upgrade',
    status: 501,
    bytes: (fields) =>
      request('GET', `${prefix}/a`, { ...fields, connection: 'upgrade', upgrade: 'websocket' }),
  },
}
/** The head is fine, so only who is known comes so far. */
const bodies: Readonly<Record<string, Attempt>> = {
  'too large a body': {
    rule: 'http/body',
    status: 413,
    action: 'http.post',
    bytes: (fields) => request('POST', `${prefix}/a`, fields, large),
  },
  'too large a body in chunks': {
    rule: 'http/body',
    status: 413,
    action: 'http.post',
    bytes: (fields) => {
      const head = request('POST', `${prefix}/a`, { ...fields, 'transfer-encoding': 'chunked' })
      return `${head.toString()}${large.length.toString(16)}\r\n${large}\r\n`
    },
  },
  'a body that is torn': {
    rule: 'http/syntax',
    status: 400,
    action: 'http.post',
    bytes: (fields) => {
      const head = request('POST', `${prefix}/a`, { ...fields, 'transfer-encoding': 'chunked' })
      return `${head.toString()}2\r\nabc\r\n`
    },
  },
  'a body in a coding that is not known': {
    rule: 'http/content_coding',
    status: 415,
    action: 'http.post',
    bytes: (fields) => request('POST', `${prefix}/a`, { ...fields, 'content-encoding': 'own' }, 'packed'),
  },
  'a body that cannot be unpacked': {
    rule: 'http/content_coding',
    status: 400,
    action: 'http.post',
    bytes: (fields) => request('POST', `${prefix}/a`, { ...fields, 'content-encoding': 'gzip' }, 'packed'),
  },
  'a name twice': {
    rule: 'http/json',
    status: 400,
    action: 'http.post',
    bytes: (fields) =>
      request('POST', `${prefix}/a`, { ...fields, 'content-type': 'application/json' }, '{"a":1,"a":2}'),
  },
}

async function answerTo(bytes: Buffer | string): Promise<HttpAnswer> {
  const client = await HttpClient.connect(door)
  client.send(bytes)
  const answer = await client.answer()
  client.destroy()
  return answer
}

function ruleIn({ body }: HttpAnswer): string {
  return (JSON.parse(body.toString()) as { readonly rule: string }).rule
}

suite('from somebody who is known', () => {
  for (const [name, { rule, status, action = 'http.unread', bytes }] of Object.entries({
    ...attempts,
    ...bodies,
  }))
    test(`${name} is a refused request of their session`, async () => {
      const answer = await answerTo(bytes(door.headers))
      assert.deepEqual([answer.status, ruleIn(answer)], [status, rule])
      const [received = assert.fail('nothing is recorded')] = all('RequestReceived')
      const [decided = assert.fail('nothing is decided')] = all('DecisionMade')
      assert.deepEqual([decided.effect, decided.rule, decided.exchange], ['deny', rule, received.exchange])
      assert.ok(answer.body.includes(decided.decision))
      assert.equal((JSON.parse(received.actions) as { readonly name: string }[])[0]?.name, action)
      assert.deepEqual(all('AuthenticationFailed'), [])
      const [content = ''] = contents()
      assert.match(content, /^(?:GET|POST|TRACE) \//)
      assert.ok(content.length < 1_000, `${content.length} bytes are recorded`)
      assert.ok(!content.includes(token))
    })

  test('a token in the wrong place is not recorded either', async () => {
    const escaped = token.replace('slu', '%73%6Cu')
    for (const [path, fields] of [
      [`${prefix}/a?token=${token}`, {}],
      [`${prefix}/a?token=${escaped}`, {}],
      [`${prefix}/a`, { 'x-note': `it is ${token}` }],
    ] as const) {
      const answer = await answerTo(request('GET', path, { ...door.headers, ...fields }))
      assert.deepEqual([answer.status, ruleIn(answer)], [400, 'http/token_place'])
    }
    assert.equal(contents().length, 3)
    assert.ok(contents().every((content) => !content.includes(token.slice(4))))
    assert.ok(!JSON.stringify(appended.map(({ data }) => data)).includes(token))
  })

  test('is refused as everything is while there is no log, and no pass', async () => {
    await answerTo(request('GET', `${prefix}/json`, door.headers))
    logIsDown = true
    const { bytes } = attempts['an ambiguous path'] ?? assert.fail()
    assert.equal((await answerTo(bytes(door.headers))).status, 503)
    const stranger = await answerTo(bytes({}))
    assert.deepEqual([stranger.status, ruleIn(stranger)], [400, 'http/path'])
  })

  test('a flood is counted, the sooner the more there is of each', async () => {
    const client = await HttpClient.connect(door)
    const sent = 300
    const { bytes } = attempts['an ambiguous path'] ?? assert.fail()
    const each = Buffer.from(bytes({ ...door.headers, 'x-filling': 'x'.repeat(15_000) }))
    client.send(Buffer.concat(Array.from({ length: sent }, () => each)))
    for (let answer = 0; answer < sent; answer++) assert.equal((await client.answer()).status, 400)
    client.destroy()
    await comesTrue('the rest is told as a number', () => all('DenialsCounted').length > 0)
    assert.ok(all('RequestReceived').length < sent - 20)
    assert.deepEqual(
      new Set(all('DenialsCounted').flatMap(({ rules }) => rules.map(({ rule }) => rule))),
      new Set(['http/path']),
    )
  })
})

suite('from nobody who is known', () => {
  for (const [name, { rule, status, bytes }] of Object.entries(attempts))
    test(`${name} is recorded as a refused login`, async () => {
      const answer = await answerTo(bytes({}))
      assert.deepEqual([answer.status, ruleIn(answer)], [status, rule])
      const [failed] = all('AuthenticationFailed')
      assert.deepEqual(failed, {
        protocol: 'http',
        target: 'api',
        client_ip: '127.0.0.1',
        code: status === 501 && rule === 'http/upgrade' ? 'denied' : 'malformed',
        reason: rule,
      })
      assert.deepEqual(appended.length, 1)
    })

  test('what is not even HTTP is', async () => {
    for (const [bytes, status, rule] of [
      ['NONSENSE\r\n\r\n', 400, 'http/syntax'],
      [
        'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        400,
        'http/syntax',
      ],
      [`GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431, 'http/head'],
      ['CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n', 405, 'http/connect'],
      [request('GET', '/', {}), 404, 'http/target'],
      [request('GET', `${prefix}/json`, {}), 401, 'adapter/no_token'],
    ] as const) {
      appended.length = 0
      const answer = await answerTo(bytes)
      assert.deepEqual([answer.status, ruleIn(answer)], [status, rule])
      assert.deepEqual(
        all('AuthenticationFailed').map(({ reason }) => reason),
        [rule],
      )
    }
  })

  test('a bad token does not hide what was tried', async () => {
    const { bytes, rule } = attempts['an ambiguous path'] ?? assert.fail()
    const answer = await answerTo(bytes({ authorization: 'Bearer slu_no-token-of-this-gateway' }))
    assert.deepEqual([answer.status, ruleIn(answer)], [400, rule])
    const reasons = all('AuthenticationFailed').map(({ reason }) => reason)
    assert.equal(reasons.length, 2)
    assert.ok(reasons.includes(rule))
  })

  test('a flood is counted', async () => {
    const client = await HttpClient.connect(door)
    const sent = limits.loginRefusalsBurst + 400
    const { bytes } = attempts['an ambiguous path'] ?? assert.fail()
    client.send(Buffer.concat(Array.from({ length: sent }, () => Buffer.from(bytes({})))))
    for (let each = 0; each < sent; each++) assert.equal((await client.answer()).status, 400)
    client.destroy()
    await comesTrue('the rest is told as a number', () => all('LoginsRefused').length > 0)
    assert.ok(all('AuthenticationFailed').length < sent / 2)
    assert.ok(
      all('LoginsRefused').some(({ reasons }) => reasons.some(({ reason }) => reason === 'http/path')),
    )
  })
})

test('nothing of all that reached the API but the one that was fine', () => {
  assert.deepEqual(
    stage.api.requests.slice(heardBefore).map(({ address }) => address),
    ['/json'],
  )
})
