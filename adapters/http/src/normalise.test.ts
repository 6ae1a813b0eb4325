import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { canonicalHead } from './head.ts'
import { actions, normalise, valueFields } from './normalise.ts'
import { httpTarget } from './target.ts'

const token = 'slu_0123456789abcdefghij'

function judged(
  line: string,
  body: string | Buffer = '',
  { type = 'application/json', settings = {} }: { readonly type?: string; readonly settings?: object } = {},
) {
  const [method = '', url = ''] = line.split(' ')
  const typed = body === '' ? [] : ['Content-Type', type]
  const rawHeaders = ['Host', 'g', 'X-Sluice-Authorization', `Bearer ${token}`, ...typed]
  const head = canonicalHead(
    { method, url: `/api${url}`, httpVersion: '1.1', rawHeaders },
    { hosts: new Map(), pseudonym: 'sluice-0123456789ab' },
  )
  return normalise(head, Buffer.from(body), httpTarget.parse(settings))
}

function objection(...asked: Parameters<typeof judged>): string | undefined {
  return judged(...asked).objection?.rule
}

test('a request says what it does, and where its values are', () => {
  const { action, request, objection: none } = judged('POST /orders/17?dry=1&dry=2', '{"total":1.50}')
  assert.equal(none, undefined)
  assert.equal(action.name, 'http.post')
  assert.equal(action.read_only, false)
  assert.equal(action['route'], '/orders/{}')
  assert.equal(action['path'], '/orders/17')
  assert.deepEqual(action['segments'], ['orders', '17'])
  assert.deepEqual(action['query'], { dry: ['1', '2'] })
  assert.deepEqual(action['body'], { total: 1.5 })
  const open = JSON.stringify(Object.entries(action).filter(([name]) => !valueFields.includes(name)))
  assert.doesNotMatch(open, /17|"dry"|1\.5/, 'no value is told outside of these fields')
  assert.deepEqual(request.headers.at(-1), ['accept-encoding', 'identity'])
})

suite(
  'H27 H29: a body that can be read in two ways is refused, and so is one that is not what it says',
  () => {
    for (const [what, body, type] of [
      ['a name twice', '{"a":1,"a":2}', undefined],
      ['a name twice, once escaped', '{"a":1,"\\u0061":2}', undefined],
      ['deep nesting', `${'['.repeat(100)}${']'.repeat(100)}`, undefined],
      ['trailing bytes', '{} {}', undefined],
      ['a comma too many', '[1,]', undefined],
      ['a name that some servers take for more', '{"__proto__":{"admin":true}}', undefined],
      ['the same, escaped', '[{"__pr\\u006fto__":1}]', undefined],
      ['no JSON', 'a=b', undefined],
      ['a byte order mark', '\ufeff{}', undefined],
      ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined],
      ['another character set', '{}', 'application/json; charset=utf-7'],
      ['a method in a form', 'a=b&_method=DELETE', 'application/x-www-form-urlencoded'],
      ['a broken escape in a form', 'a=%zz', 'application/x-www-form-urlencoded'],
      ['multipart without a boundary', 'x', 'multipart/form-data'],
      [
        'multipart that does not end',
        '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
        'multipart/form-data; boundary=b',
      ],
    ] as const)
      test(what, () => {
        const asked = type === undefined ? judged('POST /a', body) : judged('POST /a', body, { type })
        assert.match(asked.objection?.rule ?? '', /^http\//)
        assert.equal(asked.action['body'], null, 'nothing is guessed')
      })
  },
)

test('H22: a body in a content coding is refused: the target would read what policies do not', () => {
  const head = canonicalHead(
    {
      method: 'POST',
      url: '/api/a',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'g', 'Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
    },
    { hosts: new Map(), pseudonym: 'sluice-0123456789ab' },
  )
  assert.equal(
    normalise(head, Buffer.from([0x1f, 0x8b]), httpTarget.parse({})).objection?.rule,
    'http/content_coding',
  )
})

test('H38: GraphQL is judged by its operations, whatever they are called', () => {
  const query = (text: string, more: object = {}): string => JSON.stringify({ query: text, ...more })
  const { action } = judged(
    'POST /graphql',
    query('mutation Innocent { a: deleteUser(id: 1) { id } users { id } }'),
  )
  assert.deepEqual(action['graphql'], [
    { type: 'mutation', name: 'Innocent', fields: ['deleteUser', 'users'] },
  ])
  assert.equal(judged('GET /graphql?query=%7Busers%7Bid%7D%7D').action.read_only, true)
  assert.equal(judged('GET /graphql?query=mutation%7Bx%7D').action.read_only, false)
  for (const body of [
    query('{ a '),
    query('query A { a } query B { b }'),
    JSON.stringify({ extensions: { persistedQuery: { sha256Hash: 'x' } } }),
    '[]',
    '{}',
  ])
    assert.match(objection('POST /graphql', body) ?? '', /^http\/graphql/)
})

test('H42: every part of a multipart body is seen, with its name, its type and its size', () => {
  const body = [
    '--b',
    'Content-Disposition: form-data; name="title"',
    '',
    'Report',
    '--b',
    'Content-Disposition: form-data; name="file"; filename="a.pdf"',
    'Content-Type: application/pdf',
    '',
    '%PDF',
    '--b--',
    '',
  ].join('\r\n')
  const { action, objection: none } = judged('POST /a', body, { type: 'multipart/form-data; boundary=b' })
  assert.equal(none, undefined)
  assert.deepEqual(
    (action['parts'] as readonly { name: string; filename: string | null; bytes: number }[]).map(
      ({ name, filename, bytes }) => [name, filename, bytes],
    ),
    [
      ['title', null, 6],
      ['file', 'a.pdf', 4],
    ],
  )
})

test('an OpenAPI document names operations, and says what in a path is a value', () => {
  const settings = {
    openapi: {
      openapi: '3.1.0',
      paths: {
        '/users/{name}': { get: { operationId: 'getUser' } },
        '/users/me': { get: { operationId: 'getMe' } },
      },
    },
  }
  const { action } = judged('GET /users/zoe', '', { settings })
  assert.deepEqual([action['operation_id'], action['route']], ['getUser', '/users/{name}'])
  assert.equal(judged('GET /users/me', '', { settings }).action['operation_id'], 'getMe')
  assert.equal(judged('DELETE /users/me', '', { settings }).action['operation_id'], null)
})

test('a long text is told by what identifies it', () => {
  const { action } = judged('POST /a', JSON.stringify({ note: 'x'.repeat(10_000) }))
  const { note } = action['body'] as { readonly note: { readonly type: string; readonly bytes: number } }
  assert.deepEqual([note.type, note.bytes], ['string', 10_000])
})

test('the closed list of actions is the documented one', () => {
  const file = new URL('../../../schemas/actions/http.json', import.meta.url)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { readonly actions: object }
  assert.deepEqual(Object.keys(schema.actions).toSorted(), [...actions].toSorted())
})

test('an action has every field of HTTP that a policy may look at, and no other', () => {
  const file = new URL('../../../schemas/input.schema.json', import.meta.url)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly properties: { readonly action: { readonly properties: object } }
  }
  const known = new Set(Object.keys(schema.properties.action.properties))
  const { action } = judged('GET /a')
  assert.deepEqual(
    Object.keys(action).filter((field) => !known.has(field)),
    [],
  )
  assert.deepEqual(Object.keys(judged('POST /a', 'no JSON').action), Object.keys(action))
})

test('no parameter is beside the one in which the gateway shows its credential, however it is spelled', () => {
  const settings = { authentication: { kind: 'query', name: 'key' }, path_parameters: true }
  for (const query of ['KEY=a', 'b=1&Key=a', 'key[]=a', '%4bey=a', 'b=1;key=a', 'b=1;KEY=a'])
    assert.equal(objection(`GET /a?${query}`, '', { settings }), 'http/query', query)
  for (const query of ['key=a', 'k%65y=a', 'keys=a', 'a=key', '']) {
    assert.equal(objection(`GET /a?${query}`, '', { settings }), undefined, query)
    assert.equal(objection(`GET /a?${query.toUpperCase()}`), undefined)
  }
})
