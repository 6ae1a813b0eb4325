import { test } from 'node:test'
import assert from 'node:assert/strict'
import { answerHeaders, requestHeaders } from './http-headers.ts'

const sent = (...raw: string[]): string[] => requestHeaders(raw, '127.0.0.1:7480', 'slu_mine')

test("the sidecar's token is the only one, whatever the application sends in its places", () => {
  const raw = [
    'host',
    'localhost:1',
    'X-SLUICE-Authorization',
    'Bearer slu_other',
    'Proxy-Authorization',
    'Basic x',
  ]
  assert.deepEqual(sent(...raw), ['Host', '127.0.0.1:7480', 'X-Sluice-Authorization', 'Bearer slu_mine'])
})

test('what is for the target stays as it is, also what stands there twice', () => {
  const raw = [
    'authorization',
    'Bearer sk-of-the-app',
    'X-A',
    '1',
    'x-a',
    '2',
    'Transfer-Encoding',
    'chunked',
  ]
  assert.deepEqual(sent(...raw).slice(2, -2), raw)
})

test('what is of one connection stays on it', () => {
  const raw = [
    'Connection',
    'keep-alive',
    'Keep-Alive',
    'timeout=5',
    'TE',
    'trailers',
    'Upgrade',
    'h2c',
    'Expect',
    '100-continue',
  ]
  assert.deepEqual(sent(...raw).length, 4)
})

test('paths of answers lead to the root here', () => {
  const seen = (name: string, value: string): string | undefined =>
    answerHeaders([name, value], 'shop-api')[1]
  assert.equal(seen('Location', '/shop-api/orders/7?a=b'), '/orders/7?a=b')
  assert.equal(seen('Location', '/shop-api'), '/')
  assert.equal(seen('Location', '/shop-apical/x'), '/shop-apical/x')
  assert.equal(seen('Content-Location', 'orders/7'), 'orders/7')
  assert.equal(seen('Set-Cookie', 'a=b; HttpOnly; Path=/shop-api/'), 'a=b; HttpOnly; Path=/')
  assert.equal(seen('Set-Cookie', 'path=/shop-api/x'), 'path=/shop-api/x')
})
