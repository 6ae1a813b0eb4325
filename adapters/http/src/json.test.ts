import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Refused } from '@sluice/core'
import { parseJson, parseJsonLines } from './json.ts'
import { httpLimits } from './limits.ts'

function refusal(text: string): string {
  try {
    parseJson(text)
  } catch (error) {
    assert.ok(error instanceof Refused)
    return error.refusal.message
  }
  return ''
}

const refused: readonly (readonly [text: string, why: RegExp])[] = [
  ['', /not JSON/],
  ['{"a":1,"a":1}', /twice/],
  ['{"a":{"b":1,"\\u0062":2}}', /twice/],
  ['1e309', /too large/],
  ['-1e309', /too large/],
  ['9'.repeat(500), /not JSON/],
  ['01', /not JSON/],
  ['+1', /not JSON/],
  ['.5', /not JSON/],
  ['1.', /not JSON/],
  ['0x10', /not JSON/],
  ['NaN', /not JSON/],
  ['Infinity', /not JSON/],
  ["'a'", /not JSON/],
  ['{a:1}', /not JSON/],
  ['[1,]', /not JSON/],
  ['{"a":1,}', /not JSON/],
  ['[1] // a', /not JSON/],
  ['"a\nb"', /not JSON/],
  ['"\\x41"', /not JSON/],
  ['"\\ud800"', /not JSON/],
  ['"a', /not JSON/],
  ['"a\\"', /not JSON/],
  ['\ufeff1', /not JSON/],
  ['\u00a01', /not JSON/],
  ['truest', /not JSON/],
  ['{}{}', /not JSON/],
  ['['.repeat(httpLimits.jsonDepthMax + 1), /levels/],
  [`[${'0,'.repeat(httpLimits.jsonValuesMax)}0]`, /values/],
]

suite('H27: what two parsers could read differently is refused', () => {
  for (const [text, why] of refused)
    test(JSON.stringify(text.slice(0, 40)), () => assert.match(refusal(text), why))
})

test('a number that binary64 does not have stays the text that it is', () => {
  const read: readonly (readonly [string, number | string])[] = [
    ['0', 0],
    ['-0.0', 0],
    ['1.50', 1.5],
    ['1e2', 100],
    ['1E-2', 0.01],
    ['0.30000000000000004', 0.30000000000000004],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['100000000000000000000', 1e20],
    ['123456789012345678901', '123456789012345678901'],
    ['0.10000000000000000001', '0.10000000000000000001'],
    ['1e-400', '1e-400'],
  ]
  for (const [text, value] of read) assert.equal(parseJson(text), value === 0 ? Number(text) : value)
})

test('H27: a name may be any word but one that some servers take for more', () => {
  const read = parseJson('{"constructor":1,"toString":2}')
  assert.deepEqual(Object.keys(read ?? {}), ['constructor', 'toString'])
  assert.throws(() => parseJson('[{"__proto__":{"admin":true}}]'), /__proto__/)
})

test('it reads what JSON.parse reads, or refuses it', () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 5 }).filter((text) => !text.includes('__proto__')),
      (text) => {
        const read = parseJson(text)
        assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(text))
      },
    ),
  )
  const broken = fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[]",:\\ 0e-.\n'))
  fc.assert(
    fc.property(broken, ([text, at, sign]) => {
      const place = at % (text.length + 1)
      const changed = text.slice(0, place) + sign + text.slice(place)
      if (refusal(changed) === '') assert.doesNotThrow(() => JSON.parse(changed))
    }),
    { numRuns: 2_000 },
  )
})

test('its time is linear in the text, whatever that is', () => {
  const bytes = 2_000_000
  const hostile = [
    `"${'\\\\'.repeat(bytes / 2)}"`,
    `"${'\\"'.repeat(bytes / 2)}"`,
    `"${'a'.repeat(bytes)}"`,
    ' '.repeat(bytes),
    '['.repeat(bytes),
    '1'.repeat(bytes),
    `["${'a",  "'.repeat(httpLimits.jsonValuesMax)}"]`,
  ]
  const started = performance.now()
  for (const text of hostile) refusal(text)
  assert.ok(performance.now() - started < 5_000)
})

test('lines are values of their own, counted together', () => {
  assert.deepEqual(parseJsonLines('{"a":1}\r\n\n[2]\n'), [{ a: 1 }, [2]])
  assert.throws(() => parseJsonLines('{"a":1}{"a":2}\n'), /not JSON/)
  assert.throws(() => parseJsonLines('[0]\n'.repeat(httpLimits.jsonValuesMax / 2 + 1)), /values/)
})
