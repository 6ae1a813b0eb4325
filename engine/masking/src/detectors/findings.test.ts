import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Detector, Span } from '../detector.ts'
import { findings } from './findings.ts'

const finding = (name: string, ...spans: readonly Span[]): Detector => ({
  name,
  charsMax: 99,
  find: () => spans,
})

test('finds come in order, and those that overlap are one, named after the longest first', () => {
  const detectors = [
    finding('a', { start: 40, end: 45 }, { start: 60, end: 61 }),
    finding('b', { start: 0, end: 10 }, { start: 42, end: 60 }),
    finding('c', { start: 2, end: 4 }, { start: 4, end: 6 }),
  ]
  assert.deepEqual(findings('', detectors), [
    { start: 0, end: 10, detectors: ['b', 'c'] },
    { start: 40, end: 60, detectors: ['b', 'a'] },
    { start: 60, end: 61, detectors: ['a'] },
  ])
})

test('nothing found is nothing', () => {
  assert.deepEqual(findings('text', [finding('a')]), [])
})

test('a great many finds are no trouble', () => {
  const many = Array.from({ length: 300_000 }, (_, index) => ({ start: index, end: index + 1 }))
  assert.equal(
    findings('', [{ name: 'a', charsMax: 1, find: () => many }, finding('b', { start: 0, end: 300_000 })])
      .length,
    1,
  )
})
