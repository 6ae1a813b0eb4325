import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, refusalCodes, worded, type Refusal } from '@sluice/core'
import { refuse, type RefuseOptions } from './refuse.ts'

function told(reason: Refusal, options: RefuseOptions = {}) {
  const [head, body] = refuse(reason, options)
  assert.ok(head?.kind === 'head' && body?.kind === 'data')
  const headers = new Map(head.headers)
  assert.equal(headers.get('content-length'), String(body.bytes.length))
  return { status: head.status, headers, body: JSON.parse(body.bytes.toString()) as Record<string, unknown> }
}

test('every code has its status, and the body says why, and that trying again is no use', () => {
  for (const code of refusalCodes) {
    const { status, body } = told(worded(refusal(code, 'a/rule', 'No.'), 'dec_1'))
    assert.ok(status >= 400 && status < 600)
    assert.equal(body['status'], status)
    assert.equal(body['rule'], 'a/rule')
  }
  const { status, body, headers } = told(worded(refusal('denied', 'a/rule', 'Not here.'), 'dec_1'))
  assert.equal(status, 403)
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.match(String(body['detail']), /"a\/rule" \(ref dec_1\): Not here\. .*do not retry/)
  assert.deepEqual(body['error'], {
    message: body['detail'],
    type: 'permission_error',
    param: null,
    code: 'denied',
  })
})

test("an SDK takes neither a denial nor a pending answer for the target's", () => {
  const pending = {
    ...worded(refusal('pending', 'a/hold', 'Ask.'), 'apr_1'),
    link: 'http://sluice/v1/approvals/apr_1',
  }
  assert.equal(told(pending).status, 403)
  const { status, headers, body } = told(pending, { async: true })
  assert.equal(status, 202)
  assert.equal(headers.get('location'), pending.link)
  assert.equal(headers.get('preference-applied'), 'respond-async')
  assert.equal(body['error'], undefined)
  assert.equal(told(refusal('denied', 'a/b', 'No.'), { async: true }).status, 403)
})

test("a status of the protocol's own is kept, and nothing else is taken for one", () => {
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '417')).status, 417)
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '200')).status, 400)
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '42601')).status, 400)
})

test("for Anthropic's SDK an error is of type error, and says the same", () => {
  const reason = worded(refusal('denied', 'a/rule', 'Not here.'), 'dec_1')
  const { status, headers, body } = told(reason, { profile: 'anthropic' })
  assert.deepEqual([status, headers.get('content-type')], [403, 'application/json'])
  assert.equal(body['type'], 'error')
  assert.deepEqual(body['error'], { type: 'permission_error', message: body['detail'] })
  assert.equal(body['reference'], 'dec_1')
  const openai = told(reason, { profile: 'openai' })
  assert.deepEqual(openai.body, told(reason).body)
})

test('what an SDK makes of a code', () => {
  for (const [code, status, type] of [
    ['denied', 403, 'permission_error'],
    ['token_expired', 401, 'authentication_error'],
    ['too_many', 429, 'rate_limit_error'],
    ['malformed', 400, 'invalid_request_error'],
    ['too_large', 413, 'invalid_request_error'],
    ['log_unavailable', 503, 'api_error'],
    ['target_unreachable', 502, 'api_error'],
    ['recogniser_unavailable', 502, 'api_error'],
    ['internal', 500, 'api_error'],
  ] as const)
    for (const profile of ['openai', 'anthropic'] as const) {
      const { status: given, body } = told(refusal(code, 'a/b', 'No.'), { profile })
      assert.equal(given, status)
      assert.equal((body['error'] as { readonly type: string }).type, type)
    }
})
