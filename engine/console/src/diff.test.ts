import { test } from 'node:test'
import assert from 'node:assert/strict'
import { diffOf, likeness } from './diff.ts'

test('what changed in a statement', () => {
  assert.deepEqual(diffOf('delete from orders where id = 1', 'delete from orders where id > 1 or true'), [
    { kind: 'same', text: 'delete from orders where id ' },
    { kind: 'gone', text: '=' },
    { kind: 'new', text: '>' },
    { kind: 'same', text: ' 1' },
    { kind: 'new', text: ' or true' },
  ])
})

test('both texts can be put together again', () => {
  const texts = ['', 'a', 'a b c', 'select 1', "select '⟨U+202E⟩' from b", 'x'.repeat(50), 'b a c a b']
  for (const before of texts)
    for (const after of texts) {
      const pieces = diffOf(before, after)
      const without = (kind: string): string =>
        pieces
          .filter((each) => each.kind !== kind)
          .map(({ text }) => text)
          .join('')
      assert.equal(without('new'), before)
      assert.equal(without('gone'), after)
    }
})

test('likeness orders what is similar', () => {
  assert.equal(likeness('a b', 'a b'), 1)
  assert.equal(likeness('', ''), 0)
  assert.ok(
    likeness('delete from t where id = 1', 'delete from t where id = 2') >
      likeness('delete from t where id = 1', 'drop table t'),
  )
})

test('megabytes do not stop the page', () => {
  const started = performance.now()
  diffOf(`a ${'x '.repeat(20_000)}b`, `c ${'y '.repeat(20_000)}d`)
  diffOf(`a ${'x '.repeat(200_000)}b`, `c ${'y '.repeat(200_000)}d`)
  assert.ok(performance.now() - started < 2_000)
})
