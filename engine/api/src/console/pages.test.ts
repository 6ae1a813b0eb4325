import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedApi } from '../scripted.ts'
import { scriptedConsole } from './scripted.ts'

const { app } = scriptedApi()

for (const url of [
  '/',
  '/approvals',
  '/approvals/apr_0123',
  '/sessions/ses_1/replay',
  '/sign-in?problem=denied',
])
  test(`${url} is a page`, async () => {
    const { statusCode, headers, body } = await app.inject(url)
    assert.equal(statusCode, 200)
    assert.match(body, /^<!doctype html>/)
    assert.equal(headers['cache-control'], 'no-cache')
    assert.equal(headers['set-cookie'], undefined)
  })

for (const url of [
  '/index.html/',
  '/nowhere',
  '/approval',
  '/assets/',
  '/assets/../index.html',
  '/assets/%2e%2e/index.html',
  '/../etc/passwd',
  '/assets/index-1a2b.js.map',
  '/v1/nowhere',
  '/console/nowhere',
])
  test(`${url} is not there`, async () => {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 404)
    assert.doesNotMatch(answer.body, /doctype/)
  })

test('a page runs nothing but our own files and is in no frame', async () => {
  const { headers } = await app.inject('/')
  const policy = String(headers['content-security-policy']).split('; ')
  for (const line of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ])
    assert.ok(policy.includes(line), line)
  assert.doesNotMatch(policy.join(' '), /unsafe|\*|https?:/)
  assert.deepEqual(
    [
      'x-content-type-options',
      'referrer-policy',
      'x-frame-options',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
    ].map((name) => headers[name]),
    ['nosniff', 'no-referrer', 'DENY', 'same-origin', 'same-origin'],
  )
  assert.match(String(headers['permissions-policy']), /camera=\(\)/)
})

test('a file with a hash in its name is kept, another is asked for again', async () => {
  const script = await app.inject('/assets/index-1a2b.js')
  assert.deepEqual(
    [script.headers['content-type'], script.headers['cache-control']],
    ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  )
  const page = await app.inject('/')
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers['etag']) } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
})

test('without a console the root says so, and the API is there', async () => {
  const bare = scriptedApi({ console: scriptedConsole({ files: null }) }).app
  const root = await bare.inject('/')
  assert.deepEqual([root.statusCode, root.headers['content-type']], [404, 'text/plain; charset=utf-8'])
  assert.match(root.body, /npm run build:console/)
  assert.equal((await bare.inject('/approvals')).statusCode, 404)
  assert.equal((await bare.inject('/v1/openapi.json')).statusCode, 200)
  assert.equal((await bare.inject('/console/issuers')).statusCode, 200)
})

test('a person who follows the address of an approval comes to its page, a program does not', async () => {
  const url = `/v1/approvals/apr_${'0'.repeat(26)}`
  const person = await app.inject({ url, headers: { 'sec-fetch-dest': 'document' } })
  assert.deepEqual([person.statusCode, person.headers['location']], [303, url.slice(3)])
  assert.equal((await app.inject({ url, headers: { 'sec-fetch-dest': 'empty' } })).statusCode, 401)
  assert.equal((await app.inject(url)).statusCode, 401)
})
