import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Finder, type Joined } from '../content/finder.ts'
import { Tally } from '../content/tally.ts'
import { TextWindow } from '../content/text-window.ts'
import { ValueMask } from '../content/value-mask.ts'
import type { Detector, Span } from '../detector.ts'
import { builtInDetectors } from './built-in.ts'
import { contextChars } from './introduced.ts'

const detectors = [...builtInDetectors.values()]

const size = 1_000_000
const repeated = (part: string): string => part.repeat(Math.ceil(size / part.length))

/** What each kind of search reads again and again, if it reads anything more than once. */
const worst: readonly string[] = [
  [
    '1',
    'a',
    ' ',
    '-',
    '@',
    '.',
    '(',
    '_',
    '=',
    '\\n',
    'a@',
    'a.',
    '%40',
    'a@a.b',
    '1 ',
    '+1',
    '01 ',
    '(212) ',
  ],
  [
    '4111 ',
    '4111-',
    '123-',
    'DE89 ',
    'token=',
    'token',
    'bearer ',
    'sk-',
    'eyJ-',
    'eyJaaaaaaaaaaa.',
    'tel: 1 ',
  ],
  [
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN ',
    '\u200b',
    '1\u200b',
    '１',
    '\u0661',
    '\u{1d7cf}',
    '\u{1f600}',
  ],
].flat()

/** Ten to a hundred times what it takes on a slow machine; a quadratic search takes hours. */
const boundMs = 4000

for (const detector of detectors)
  test(`${detector.name}: a megabyte of anything takes no long time`, () => {
    for (const part of worst) {
      const text = repeated(part)
      const started = performance.now()
      detector.find(text)
      assert.ok(performance.now() - started < boundMs, JSON.stringify(part))
    }
  })

const parts: readonly string[] = [
  [
    '4111111111111111',
    '4111 1111 1111 1111',
    '123-45-6789',
    'ssn ',
    '219099999',
    'ann@example.com',
    '@',
    '.com',
    '+1 415 555 0132',
  ],
  [
    'DE89 3704 0044 0532 0130 00',
    'sk-',
    'a1B2c3D4e5F6g7H8i9J0',
    'api_key=',
    'Bearer ',
    'eyJhbGciOiJIUzI1NiJ9.',
  ],
  [
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    'tel: ',
    'ssn 123456789',
    '0',
    ' ',
    '-',
    '\\n',
  ],
  ['\u200b', '\u2060\u2060', '１', '\u{1d7cf}'],
].flat()
const part = fc.constantFrom(...parts)

for (const detector of detectors) {
  test(`${detector.name}: spans are in order, apart, and no longer than it says`, () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (some) => {
        const text = some.join('')
        let free = 0
        for (const { start, end } of detector.find(text)) {
          assert.ok(free <= start && start < end && end <= text.length)
          assert.ok(end - start <= detector.charsMax)
          free = end
        }
      }),
    )
  })

  test(`${detector.name}: nothing far away hides a value`, () => {
    const away = detector.charsMax + contextChars
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (before, after) => {
        const gap = ` ${'. '.repeat(away)}\n`
        const value =
          'tel: 415 555 0132, 4111111111111111, ssn 123-45-6789, a@b.com, api_key=a1B2c3D4e5F6g7H8'
        const alone = detector.find(value).map(({ start, end }) => value.slice(start, end))
        const text = `${before.join('')}${gap}${value}${gap}${after.join('')}`
        const found = detector.find(text).map(({ start, end }) => text.slice(start, end))
        for (const one of alone) assert.ok(found.includes(one), one)
      }),
    )
  })
}

for (const detector of detectors)
  test(`${detector.name}: what begins before the unfinished stays, wherever a text is cut`, () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (some) => {
        const text = some.join('')
        const all = detector.find(text)
        for (let cut = 0; cut <= text.length; cut++) {
          const begun = text.slice(0, cut)
          const until = detector.unfinished?.(begun) ?? 0
          const before = ({ start }: Span): boolean => start < until
          assert.deepEqual(detector.find(begun).filter(before), all.filter(before), `cut at ${cut}`)
        }
      }),
    )
  })

test('prose need not wait for more than its last word', () => {
  const text = 'Thank you for your order. It will arrive on Thursday'
  for (const { name, unfinished } of detectors)
    assert.ok((unfinished?.(text) ?? 0) >= text.length - 'Thursday'.length, name)
})

function finder(detector: Detector): Finder {
  const mask = new ValueMask(detector.name, { method: 'stars' }, 'rules/detector', undefined)
  return new Finder([{ detector, mask }])
}

const long = 'x9'.repeat(3000)

for (const detector of detectors) {
  test(`${detector.name}: a text that comes in pieces is masked like the whole, however long its values`, () => {
    const some = fc.array(fc.oneof({ weight: 9, arbitrary: part }, fc.constant(long)), { maxLength: 12 })
    fc.assert(
      fc.property(some, fc.array(fc.nat(), { maxLength: 9 }), (words, places) => {
        const text = words.join('')
        const cuts = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort(
          (a, b) => a - b,
        )
        const window = new TextWindow(finder(detector), new Tally())
        const told = cuts.slice(1).map((cut, index) => window.push(text.slice(cuts[index], cut)))
        assert.equal(told.join('') + window.end(), finder(detector).masked(text, new Tally()))
      }),
      { numRuns: 1_000 },
    )
  })

  test(`${detector.name}: in many texts at once it finds what is in each`, () => {
    const text = fc.array(part, { maxLength: 5 }).map((words) => words.join(''))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        const by = finder(detector)
        for (const found of [by.findEach(texts), by.findIn(besideEachOther(texts), no)])
          for (const [place, each] of texts.entries()) assert.deepEqual(found.get(place) ?? [], by.find(each))
      }),
      { numRuns: 1_000 },
    )
  })
}

const no = (): boolean => false

/** As close as texts may stand. */
function besideEachOther(texts: readonly string[]): Joined {
  let end = -1
  const places = texts.map(({ length }) => {
    const start = end + 1
    end = start + length
    return { start, end }
  })
  return { text: texts.join('\0'), places }
}
