import { test } from 'node:test'
import assert from 'node:assert/strict'
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
