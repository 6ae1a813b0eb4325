import { test } from 'node:test'
import assert from 'node:assert/strict'
import { routeOf } from './route.ts'

test('names stay and values do not', () => {
  for (const [path, route] of [
    ['/', '/'],
    ['/customers/7/orders/', '/customers/{}/orders/'],
    ['/v1/chat/completions', '/v1/chat/completions'],
    ['/v1beta2/models:list', '/v1beta2/models:list'],
    ['/.well-known/openid-configuration', '/.well-known/openid-configuration'],
    ['/users/zoe@example.com', '/users/{}'],
    ['/users/0f8fad5b-d9cb-469f-a165-70867728950e', '/users/{}'],
    ['/cards/4111%201111', '/cards/{}'],
    ['/bot123:AAH/sendMessage', '/{}/sendMessage'],
    [`/${'a'.repeat(41)}`, '/{}'],
    ['/a;ssn=1', '/{}'],
  ] as const)
    assert.equal(routeOf(path), route)
})
