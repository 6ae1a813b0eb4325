import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, refusalCodes } from './errors.ts'
import { limits } from './limits.ts'
import { worded } from './wording.ts'

test('every refusal fits, is one line, and carries its reference', () => {
  for (const code of refusalCodes) {
    const { message } = worded(refusal(code, 'some/rule', `${'long '.repeat(200)}\nreason`), 'dec_1')
    assert.ok(message.length <= limits.refusalMessageCharsMax, code)
    assert.doesNotMatch(message, /\n/)
    if (!message.endsWith('…')) assert.match(message, /dec_1/, code)
  }
})

test('a denial says why, that it is final, and what to quote', () => {
  const { message } = worded(refusal('denied', 'starter/drop', 'DROP is not for applications'), 'dec_1')
  assert.equal(
    message,
    'Access denied by policy "starter/drop" (ref dec_1): DROP is not for applications. ' +
      'This is final, not a syntax error: do not retry or rewrite this query.',
  )
})

test('what a server itself would say is not dressed up', () => {
  const { message } = worded(refusal('malformed', 'r', 'relation "x" does not exist', '42P01'), 'dec_1')
  assert.equal(message, 'relation "x" does not exist')
})

test('control and direction characters never reach a terminal', () => {
  assert.doesNotMatch(worded(refusal('denied', 'r', 'a\u001b[2Jb\u202ec'), null).message, /[\p{Cc}\p{Cf}]/u)
})
