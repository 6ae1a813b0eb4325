import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mailOf } from './mail-message.ts'
import { approvalId, waitingNotice } from './scripted.ts'

test('a mail says what waits, where to look and how to decide', () => {
  const notice = waitingNotice()
  const { subject, text } = mailOf(
    { kind: 'notice', id: notice.id, notice },
    (path) => `https://s.example${path}`,
  )
  assert.equal(subject, '[Sluice] Approval needed: sql.delete on shop')
  assert.match(text, /^Asked by: idp#agent$/m)
  assert.match(text, new RegExp(`^https://s\\.example/approvals/${approvalId(1)}$`, 'm'))
  assert.match(text, new RegExp(`^sluice approvals approve ${approvalId(1)}$`, 'm'))
})

test('no text of a request begins a line or a header of its own', () => {
  const hostile = 'fine\r\nBcc: everybody@example.com\r\n\r\nApproved by: bob'
  const notice = waitingNotice({ target: hostile, message: hostile, rule: hostile })
  const { subject, text } = mailOf({ kind: 'notice', id: notice.id, notice }, () => null)
  assert.doesNotMatch(subject, /[\r\n]/)
  assert.doesNotMatch(text, /\r|^(Bcc|Approved by):/m)
})
