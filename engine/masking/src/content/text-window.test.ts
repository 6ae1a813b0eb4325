import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Detector } from '../detector.ts'
import { Finder } from './finder.ts'
import { key, ssn } from './scripted.ts'
import { Tally } from './tally.ts'
import { TextWindow } from './text-window.ts'
import { Unreadable } from './unreadable.ts'
import { ValueMask } from './value-mask.ts'

function finder(...detectors: readonly Detector[]): Finder {
  return new Finder(
    detectors.map((detector) => ({
      detector,
      mask: new ValueMask(detector.name, { method: 'stars' }, 'rules/detector', undefined),
    })),
  )
}

function told(by: Finder, pieces: readonly string[]): readonly string[] {
  const window = new TextWindow(by, new Tally())
  return [...pieces.map((piece) => window.push(piece)), window.end()]
}

suite('a text in pieces', () => {
  const parts = fc.constantFrom(
    '123-45-6789',
    '123',
    '-45-',
    '6789',
    ' ',
    'é',
    '😀',
    '0',
    'sk-',
    'abcdefgh',
    ',',
  )
  const texts = fc.array(parts, { maxLength: 40 })

  test('is told as the whole text would be', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 12 }), (words, places) => {
        const text = words.join('')
        const cuts = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort(
          (a, b) => a - b,
        )
        const pieces = cuts.slice(1).map((end, at) => text.slice(cuts[at], end))
        const by = finder(ssn, key)
        assert.equal(told(by, pieces).join(''), by.masked(text, new Tally()))
      }),
      { numRuns: 3_000 },
    )
  })

  test('stays so when it is very long', () => {
    const text = 'of 123-45-6789, 1234-56-7890 and '.repeat(500)
    const by = finder(ssn)
    assert.equal(told(by, text.split(/(?<= )/)).join(''), by.masked(text, new Tally()))
  })

  test('waits no longer than for the longest value', () => {
    const window = new TextWindow(finder(ssn), new Tally())
    assert.equal(window.push('a'.repeat(100)), 'a'.repeat(89))
  })

  test('does not wait where a detector knows better', () => {
    assert.deepEqual(told(finder(key), ['all is well', ' at once, and so', ' s', 'k-abc', 'defghij.']), [
      'all is well',
      ' at once, and so',
      ' ',
      '',
      '*************.',
      '',
    ])
  })

  test('is never cut within a character', () => {
    const half: Detector = {
      name: 'half',
      charsMax: 1,
      find: () => [],
      unfinished: (text) => text.length - 1,
    }
    assert.deepEqual(told(finder(half), ['a😀', 'b']), ['a', '😀', 'b'])
  })

  test('of which nothing is ever certain is refused', () => {
    const never: Detector = { name: 'never', charsMax: 8, find: () => [], unfinished: () => 0 }
    assert.throws(() => told(finder(never), ['a'.repeat(70_000)]), Unreadable)
  })
})
