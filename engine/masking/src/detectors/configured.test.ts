import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadPattern, configuredDetector } from './configured.ts'

const found = (pattern: string, text: string, charsMax = 16): readonly string[] =>
  configuredDetector('own', pattern, charsMax)
    .find(text)
    .map(({ start, end }) => text.slice(start, end))

test('identifiers of the company are found wherever they stand', () => {
  const text = `${'x '.repeat(300)}EMP-00017, EMP-123 and\u00a0EMP‑00018`
  assert.deepEqual(found(String.raw`\bEMP-\d{5}\b`, text), ['EMP-00017', 'EMP‑00018'])
  assert.deepEqual(found('(?i)prj[0-9]+', 'PRJ1prj22'), ['PRJ1', 'prj22'])
})

test('where the text is cut for the search makes no difference', () => {
  for (let before = 100; before < 300; before++) {
    assert.deepEqual(found(String.raw`\bA\d{7}\b`, `${' '.repeat(before)}A1234567`, 8), ['A1234567'])
    assert.deepEqual(found(String.raw`\bA\d{7}\b`, `${'x'.repeat(before)}A1234567`, 8), [])
    assert.deepEqual(found(String.raw`^A\d+`, `${' '.repeat(before)}A1`, 8), [])
  }
})

test('of a longer match as much is found as may be, and then the next', () => {
  assert.deepEqual(found('ab+', `a${'b'.repeat(20)} ab`, 8), ['abbbbbbb', 'ab'])
})

test('a mistaken pattern is refused with words for whoever wrote it', () => {
  const refused: readonly (readonly [pattern: string, message: RegExp])[] = [
    ['(a', /^detector own: missing closing \)/],
    ['(?=a)b', /^detector own: invalid or unsupported Perl syntax/],
    [String.raw`(a)\1`, /^detector own: invalid escape sequence/],
    ['a{5000}', /^detector own: invalid repeat count/],
    ['', /matches where there is nothing/],
    ['x*', /matches where there is nothing/],
    [String.raw`\bfoo|\b`, /matches where there is nothing/],
    ['(?m)^$', /matches where there is nothing/],
    ['a'.repeat(1025), /at most 1024 characters/],
  ]
  for (const [pattern, message] of refused)
    assert.throws(
      () => configuredDetector('own', pattern, 16),
      (error) => error instanceof BadPattern && message.test(error.message),
      pattern,
    )
  for (const charsMax of [0, -1, 1.5, 129, Number.NaN])
    assert.throws(() => configuredDetector('own', 'a', charsMax), /the longest value must have 1 to 128/)
})

test('the time grows with the text and no faster, whatever the pattern', () => {
  const time = (pattern: string, text: string): number => {
    const detector = configuredDetector('own', pattern, 64)
    const started = performance.now()
    detector.find(text)
    return performance.now() - started
  }
  // Backtracking would not end, and searching on behind each match would take minutes.
  for (const pattern of ['(a+)+$', '(a|a)*b', 'a.*b|a', '(a*)*c|aa'])
    assert.ok(time(pattern, 'a'.repeat(100_000)) < 8000, pattern)
})
