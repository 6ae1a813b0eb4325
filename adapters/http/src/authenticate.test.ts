import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { authenticated } from './authenticate.ts'
import type { Authentication } from './target.ts'
import type { Outgoing } from './upstream.ts'

const request: Outgoing = {
  method: 'GET',
  path: '/v1/items',
  query: 'a=1&key=theirs',
  headers: [
    ['accept', '*/*'],
    ['authorization', 'Bearer theirs'],
    ['x-api-key', 'theirs'],
  ],
  body: Buffer.alloc(0),
}
const credential = { user: 'app', password: 'p&s/w=d' }

function shown(how: Authentication, from: Outgoing = request): Outgoing {
  return authenticated(from, 'api.internal:8443', how, credential)
}

function header({ headers }: Outgoing, name: string): readonly string[] {
  return headers.filter(([known]) => known === name).map(([, value]) => value)
}

test("the gateway's credential stands in the place of whatever the caller sent there", () => {
  assert.deepEqual(header(shown({ kind: 'bearer' }), 'authorization'), ['Bearer p&s/w=d'])
  const basic = `Basic ${Buffer.from('app:p&s/w=d').toString('base64')}`
  assert.deepEqual(header(shown({ kind: 'basic' }), 'authorization'), [basic])
  assert.deepEqual(header(shown({ kind: 'header', name: 'x-api-key' }), 'x-api-key'), ['p&s/w=d'])
  assert.equal(shown({ kind: 'query', name: 'key' }).query, 'a=1&key=p%26s%2Fw%3Dd')
  assert.equal(
    shown({ kind: 'query', name: 'key' }, { ...request, query: 'k%65y=theirs&a=1&key' }).query,
    'a=1&key=p%26s%2Fw%3Dd',
  )
  assert.equal(shown({ kind: 'query', name: 'key' }, { ...request, query: '' }).query, 'key=p%26s%2Fw%3Dd')
})

test('a target that asks for none gets what the caller brought', () => {
  assert.equal(shown({ kind: 'none' }), request)
})

test('a signature covers the request, and the secret stays here', () => {
  const how = { kind: 'sigv4', region: 'eu-west-1', service: 'bedrock' } as const
  const one = shown(how)
  const [signature = ''] = header(one, 'authorization')
  assert.match(signature, /^AWS4-HMAC-SHA256 Credential=app\/\d{8}\/eu-west-1\/bedrock\/aws4_request, /)
  assert.equal(JSON.stringify(one).includes(credential.password), false)
  const [other = ''] = header(shown(how, { ...request, query: 'a=2' }), 'authorization')
  assert.notEqual(signature, other)
  assert.equal(header(one, 'x-amz-date').length, 1)
})

test('a signature is the one that AWS makes of what it gets, and covers its own headers', () => {
  const how = { kind: 'sigv4', region: 'eu-west-1', service: 'dynamodb' } as const
  for (const from of [
    request,
    { ...request, method: 'POST', path: '/', query: '', body: Buffer.from('{}') },
    { ...request, path: '/a%20b/%C3%BC/(c)', query: 'b=%20x&a=2&a=1&c=&d=%5B1%5D&e=[1]' },
  ]) {
    const signed = shown(how, {
      ...from,
      headers: [
        ...request.headers,
        ['content-type', 'application/x-amz-json-1.0'],
        ['x-amz-target', 'DynamoDB_20120810.GetItem'],
        ['x-amz-security-token', 'of-the-caller'],
        ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
        ['x-amz-date', '20000101T000000Z'],
      ],
    })
    const [, names = ''] = /SignedHeaders=([^,]+)/.exec(header(signed, 'authorization')[0] ?? '') ?? []
    assert.equal(names, 'content-type;host;x-amz-date;x-amz-target')
    assert.deepEqual(header(signed, 'x-amz-security-token'), [])
    assert.deepEqual(header(signed, 'x-amz-content-sha256'), [])
    assert.equal(
      /Signature=(\w+)$/.exec(header(signed, 'authorization')[0] ?? '')?.[1],
      signatureOf(signed, how, names),
    )
  }
})

test('a body without a type does not become a form where it is signed', () => {
  const how = { kind: 'sigv4', region: 'eu-west-1', service: 'sqs' } as const
  const untyped = shown(how, { ...request, method: 'POST', body: Buffer.from('Action=DeleteQueue') })
  assert.deepEqual(header(untyped, 'content-type'), [])
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(header(untyped, 'authorization')[0] ?? '') ?? []
  assert.equal(names, 'host;x-amz-date')
})

/** As the documentation of AWS tells how to make it, of a request as it was sent. */
function signatureOf(
  { method, path, query, headers, body }: Outgoing,
  { region, service }: { readonly region: string; readonly service: string },
  names: string,
): string {
  const strictly = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  const hashed = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
  const keyed = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest()
  const pairs = query.split('&').flatMap((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return name === '' ? [] : [`${strictly(decodeURIComponent(name))}=${strictly(decodeURIComponent(value))}`]
  })
  const told = new Map([...headers, ['host', 'api.internal:8443'] as const])
  const date = told.get('x-amz-date') ?? ''
  const canonical = [
    method,
    path.split('/').map(strictly).join('/'),
    pairs.toSorted().join('&'),
    ...names.split(';').map((name) => `${name}:${told.get(name)}`),
    '',
    names,
    hashed(body),
  ].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, hashed(canonical)].join('\n')
  const key = [date.slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    keyed,
    `AWS4${credential.password}`,
  )
  return keyed(key, text).toString('hex')
}
