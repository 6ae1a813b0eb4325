import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { UsageError } from './command.ts'
import { referenceFrom, sinkFrom, type SinkSecrets } from './sink-text.ts'

const none: SinkSecrets = { token: null, secret: null, tlsCa: null }
const token = { env: 'T' }

suite('a sink in one word', () => {
  const cases: readonly (readonly [string, object | 'stdout'])[] = [
    ['-', 'stdout'],
    ['stdout', 'stdout'],
    ['file:out/a.jsonl', { sink: 'file', path: 'out/a.jsonl' }],
    ['syslog://[::1]:601', { sink: 'syslog', address: { host: '::1', port: 601 }, tls: false }],
    ['syslog+tls://siem:6514', { sink: 'syslog', tls: { ca: 'ca.pem', cert: null, key: null } }],
    ['splunk:https://splunk:8088', { sink: 'splunk', token, tlsCa: 'ca.pem' }],
    [
      'elastic:https://es:9200/sub/logs-x',
      { sink: 'elastic', index: 'logs-x', login: { kind: 'api_key', key: token } },
    ],
    ['https://in.example/x?y=1', { sink: 'http', shape: 'ndjson', token, secret: null }],
    ['kafka://a:1,b:2/siem', { sink: 'kafka', brokers: ['a:1', 'b:2'], topic: 'siem' }],
  ]
  for (const [text, expected] of cases)
    test(text, () => {
      const found = sinkFrom(text, { token, secret: null, tlsCa: 'ca.pem' })
      if (typeof expected === 'string') assert.equal(found, expected)
      else assert.partialDeepStrictEqual(found, expected)
    })

  test('of Elasticsearch ends with the index', () => {
    const found = sinkFrom('elastic:https://es:9200/sub/logs-x', none)
    assert.ok(found !== 'stdout' && found.sink === 'elastic')
    assert.equal(found.url.href, 'https://es:9200/sub/')
    assert.equal(found.login, null)
  })

  for (const text of [
    '',
    'out.jsonl',
    'file:',
    'ftp://x',
    'syslog://host',
    'kafka://a:1',
    'elastic:https://es:9200',
    'https//x',
  ])
    test(`"${text}" is none`, () => assert.throws(() => sinkFrom(text, none), UsageError))

  test('in clear is for this machine', () => {
    assert.throws(() => sinkFrom('http://siem.example/x', none), /https:\/\//)
    assert.ok(sinkFrom('http://127.0.0.1:1/x', none))
  })

  test('holds no login, and Splunk needs a token', () => {
    assert.throws(
      () => sinkFrom('https://u:hunter2@x.example', none),
      /a login does not belong into the address/,
    )
    assert.throws(() => sinkFrom('splunk:https://splunk:8088', none), /splunk needs --token/)
  })
})

test('a secret is named, and never written', () => {
  assert.deepEqual(referenceFrom('token', 'env:HEC'), { env: 'HEC' })
  assert.deepEqual(referenceFrom('token', 'file:/run/x'), { file: '/run/x' })
  assert.equal(referenceFrom('token', undefined), null)
  assert.throws(
    () => referenceFrom('token', 'hunter2'),
    (error: unknown) => error instanceof UsageError && !error.message.includes('hunter2'),
  )
})
