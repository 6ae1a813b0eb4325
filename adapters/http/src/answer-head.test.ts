import { test } from 'node:test'
import assert from 'node:assert/strict'
import { shownHead, shownTrailers, type Sight } from './answer-head.ts'
import type { Headers } from './replies.ts'

const sight: Sight = { prefix: '/shop', origin: 'http://10.0.0.7:81', base_path: '/v1', rewritten: false }

function shown(headers: Headers, change: Partial<Sight> = {}): Headers {
  return shownHead({ kind: 'head', status: 200, headers }, { ...sight, ...change }).headers
}

test('what is between two neighbours stays there, also by the name that Connection gives it', () => {
  assert.deepEqual(
    shown([
      ['connection', 'close, X-Hop'],
      ['x-hop', '1'],
      ['keep-alive', 'timeout=5'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'h2c'],
      ['alt-svc', 'h3=":443"'],
      ['refresh', '0; url=http://169.254.169.254/'],
      ['x-sluice-decision', 'dec_forged'],
      ['x-own', 'stays'],
    ]),
    [['x-own', 'stays']],
  )
})

test('of a rewritten body nothing is told that is true only of the other bytes', () => {
  const headers: Headers = [
    ['content-type', 'application/json'],
    ['content-length', '5'],
    ['etag', '"abc"'],
    ['content-md5', 'x'],
    ['digest', 'sha-256=x'],
    ['accept-ranges', 'bytes'],
    ['last-modified', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['x-amz-checksum-sha256', 'x'],
    ['x-goog-hash', 'md5=x'],
    ['x-ms-blob-content-md5', 'x'],
    ['x-checksum-sha1', 'x'],
  ]
  assert.deepEqual(shown(headers), headers)
  assert.deepEqual(shown(headers, { rewritten: true }), [['content-type', 'application/json']])
})

test('a cookie stays with its target', () => {
  for (const [given, kept] of [
    ['sid=1', 'sid=1; Path=/shop/'],
    ['sid=1; Domain=gateway.example; Path=/', 'sid=1; Path=/shop/'],
    ['sid=1; path=/v2; HttpOnly; Secure', 'sid=1; HttpOnly; Secure; Path=/shop/v2'],
    ['a="x;y"; Domain = .example', 'a="x;y"; Path=/shop/'],
  ] as const)
    assert.deepEqual(shown([['set-cookie', given]]), [['set-cookie', kept]])
})

test('H39 no target says who is signed in at the console', () => {
  for (const given of [
    '__Host-sluice-session=x; Path=/; Secure',
    'sluice-session-7400=x; Path=/',
    '=sluice-session-7400=x',
    ' SLUICE-sign-in-7400=x',
  ])
    assert.deepEqual(shown([['set-cookie', given]]), [], given)
})

test('who follows a redirect comes here again, or is not told where to go', () => {
  for (const [given, kept] of [
    ['/v1/items/7', '/shop/items/7'],
    ['/v1', '/shop'],
    ['/v1/a?b=c#d', '/shop/a?b=c#d'],
    ['http://10.0.0.7:81/v1/x', '/shop/x'],
    ['items/7', 'items/7'],
    ['/other', null],
    ['/v1x', null],
    ['/v1/../admin', null],
    ['http://169.254.169.254/latest/meta-data', null],
    ['//evil.example/v1', null],
    ['\\\\evil.example/v1', null],
    ['file:///etc/passwd', null],
    ['http://10.0.0.7/v1', null],
    ['http://user@10.0.0.7:82/v1', null],
    ['http:evil.example/v1', null],
    ['http:/v1/x', '/shop/x'],
    ['http:\\v1\\x', '/shop/x'],
    ['ht\ttp:evil.example/v1', null],
    ['/\t/evil.example/v1', null],
    ['\\v1\\x', '/shop/x'],
  ] as const)
    assert.deepEqual(shown([['location', given]]), kept === null ? [] : [['location', kept]], given)
})

test('trailers say nothing that would have belonged into the head', () => {
  const trailers: Headers = [
    ['x-checksum', '7'],
    ['set-cookie', 'sid=1'],
    ['content-length', '5'],
    ['location', 'http://10.0.0.7:81/v1/a'],
    ['x-sluice-decision', 'dec_forged'],
  ]
  assert.deepEqual(shownTrailers(trailers, sight), [['x-checksum', '7']])
})
