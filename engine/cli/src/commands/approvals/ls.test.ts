import { test } from 'node:test'
import assert from 'node:assert/strict'
import { lsText } from './ls.ts'
import { page } from './scripted-page.ts'

test('one line each, and what is cut says so', () => {
  const long = { ...page, statement: `select ${'x'.repeat(100)}` }
  const [heading, first, second, third] = lsText([page, long, { ...page, statement: null }]).split('\n')
  assert.match(heading ?? '', /^approval +state +approved +subject +target +action +until +statement$/)
  assert.match(first ?? '', / pending +0\/1 .* 2026-01-02 03:04:05 +delete from orders where id = 7$/)
  assert.match(second ?? '', /x… \(cut: see approvals show\)$/)
  assert.match(third ?? '', /\(erased\)$/)
})

test('nothing to do is said, and nothing found', () => {
  assert.match(lsText([]), /^Nothing waits/)
  assert.match(lsText([], 'all'), /^No approval of that kind/)
})
