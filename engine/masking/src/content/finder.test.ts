import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Detector } from '../detector.ts'
import { Finder } from './finder.ts'
import { card, key, ssn } from './scripted.ts'
import { ValueMask } from './value-mask.ts'

function finder(...detectors: readonly Detector[]): Finder {
  return new Finder(
    detectors.map((detector) => ({
      detector,
      mask: new ValueMask(detector.name, { method: 'stars' }, 'rules/detector', undefined),
    })),
  )
}

/** Finds what stands in several lines, too. */
const lines: Detector = {
  name: 'lines',
  charsMax: 100,
  separable: 'roughly',
  find: (text) =>
    Array.from(text.matchAll(/a[^b]*b/g), ({ index, 0: found }) => ({
      start: index,
      end: index + found.length,
    })),
}

/** Must be asked about each text alone. */
const whole: Detector = {
  name: 'whole',
  charsMax: 3,
  find: (text) => (/^\d{3}$/.test(text) ? [{ start: 0, end: 3 }] : []),
}

suite('what is found', () => {
  test('in many texts is what is found in each', () => {
    const parts = fc.constantFrom(
      '123-45-6789',
      '123',
      'a',
      'b',
      '\n',
      ' ',
      '😀',
      '4111111111111111',
      'sk-abcdefghi',
    )
    const texts = fc.array(
      fc.array(parts, { maxLength: 4 }).map((words) => words.join('')),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(texts, (all) => {
        for (const by of [finder(ssn, lines, whole, card, key), finder(ssn, lines)]) {
          const found = by.findEach(all)
          for (const [place, text] of all.entries()) assert.deepEqual(found.get(place) ?? [], by.find(text))
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('overlapping is one, and touching is two', () => {
    const at = (name: string, start: number, end: number): Detector => ({
      name,
      charsMax: 9,
      find: () => [{ start, end }],
    })
    const spans = (by: Finder): unknown => by.find('0123456789').map(({ start, end }) => [start, end])
    assert.deepEqual(spans(finder(at('a', 4, 6), at('b', 2, 5), at('c', 5, 8))), [[2, 8]])
    assert.deepEqual(spans(finder(at('a', 4, 6), at('b', 2, 4))), [
      [2, 4],
      [4, 6],
    ])
    assert.deepEqual(spans(finder(at('a', 4, 4))), [])
  })

  test('is never half a character', () => {
    const half: Detector = { name: 'half', charsMax: 1, find: () => [{ start: 2, end: 4 }] }
    assert.deepEqual(
      finder(half)
        .find('a😀😀b')
        .map(({ start, end }) => [start, end]),
      [[1, 5]],
    )
  })
})
