import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, systemClock } from '@sluice/core'
import { post, PostError, type Answer } from './post.ts'
import { outside, SteppedClock } from './scripted.ts'

const never = new AbortController().signal

function sent(url: string, turn = 0): Promise<Answer> {
  return post({ url, headers: { 'x-one': '1' }, body: 'grüße' }, turn, systemClock, never)
}

test('the body, the headers and the name of the host arrive, and the answer comes back', async () => {
  await using server = await outside((response) =>
    response.writeHead(202, { 'retry-after': '2' }).end('taken'),
  )
  const { port } = new URL(server.url)
  const answer = await sent(`http://localhost:${port}/hook?a=1`)
  assert.deepEqual(answer, { status: 202, retryAfterMs: 2_000, body: 'taken' })
  const [got] = server.got
  assert.deepEqual([got?.path, got?.body, got?.headers['x-one']], ['/hook?a=1', 'grüße', '1'])
  assert.equal(got?.headers.host, `localhost:${port}`)
})

test('a redirect is not followed', async () => {
  await using other = await outside((response) => response.end())
  await using server = await outside((response) => response.writeHead(307, { location: other.url }).end())
  assert.equal((await sent(server.url)).status, 307)
  assert.equal(other.got.length, 0)
})

test('of a large answer only the beginning is read', async () => {
  await using server = await outside((response) => response.end('x'.repeat(10 * limits.noticeAnswerBytesMax)))
  assert.equal((await sent(server.url)).body.length, limits.noticeAnswerBytesMax)
})

test('who does not answer is given up in time', async () => {
  const clock = new SteppedClock()
  await using server = await outside(() => {})
  const waiting = post({ url: server.url, headers: {}, body: '' }, 0, clock, never)
  waiting.catch(() => {})
  await clock.until(() => server.got.length > 0, 'the request', 0)
  clock.advance(limits.noticeAttemptMs)
  await assert.rejects(waiting, /no answer within 10000 ms/)
})

test('who leaves waits no longer', async () => {
  const leaving = new AbortController()
  await using server = await outside(() => leaving.abort())
  await assert.rejects(
    post({ url: server.url, headers: {}, body: '' }, 0, systemClock, leaving.signal),
    PostError,
  )
})

const refused: readonly (readonly [string, string, RegExp])[] = [
  ['plain HTTP to another machine', 'http://192.0.2.1/', /must begin with https/],
  ['the metadata of a cloud', 'https://169.254.169.254/', /no other machine/],
  ['the same in the form of IPv6', 'https://[::ffff:169.254.169.254]/', /no other machine/],
  ['another protocol', 'ftp://127.0.0.1/', /not one of HTTP/],
  ['no URL', 'hooks', /not one of HTTP/],
  ['a closed port', 'http://127.0.0.1:1/secret-path', /no answer: ECONNREFUSED$/],
  ['a host that is not there', 'https://sluice.invalid/secret-path', /no answer: E/],
]

for (const [what, url, expected] of refused)
  test(`${what} is refused, and the address is not repeated`, async () => {
    await assert.rejects(sent(url), (error) => {
      assert.ok(error instanceof PostError)
      assert.match(error.message, expected)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })
