import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, refusalCodes, worded, type Refusal } from '@sluice/core'
import { refuse } from './refuse.ts'

function told(reason: Refusal, async = false) {
  const [head, body] = refuse(reason, async)
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
  const { status, headers, body } = told(pending, true)
  assert.equal(status, 202)
  assert.equal(headers.get('location'), pending.link)
  assert.equal(headers.get('preference-applied'), 'respond-async')
  assert.equal(body['error'], undefined)
  assert.equal(told(refusal('denied', 'a/b', 'No.'), true).status, 403)
})

test("a status of the protocol's own is kept, and nothing else is taken for one", () => {
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '417')).status, 417)
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '200')).status, 400)
  assert.equal(told(refusal('malformed', 'http/expect', 'No.', '42601')).status, 400)
})
