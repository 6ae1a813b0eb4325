import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { builtInDetectors } from '../detectors/built-in.ts'
import type { ContentRules } from '../content/rules.ts'
import { streamMasker } from './stream-masker.ts'

const rules: ContentRules = {
  paths: [],
  detectors: ['ssn', 'card', 'email', 'key'].map((name) => ({
    detector: builtInDetectors.get(name) ?? assert.fail(name),
    request: { method: 'redact', value: undefined, to: undefined, domain: undefined },
    rule: 'r',
  })),
}

/** Masks what comes in chunks of so many bytes. */
function masked(bytes: Buffer, size: number): Buffer {
  const masker = streamMasker(rules)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size)
    pieces.push(masker.push(bytes.subarray(at, at + size)).bytes)
  return Buffer.concat([...pieces, masker.end().bytes])
}

const esc = '\x1b'
const coded = Buffer.from('it is 123-45-6789').toString('base64')
/** [what comes, what is shown] */
const streams: readonly (readonly [string, string])[] = [
  ['ssn 123-45-6789 of', 'ssn [masked] of'],
  [`12${esc}[0m3-45-67${esc}[31;1m89 red`, `[masked]${esc}[0m${esc}[31;1m red`],
  [`${esc}[32mok${esc}[0m 4111 1111 1111 1111\n`, `${esc}[32mok${esc}[0m [masked]\n`],
  [`1\x001\x00 a\x00nn@exa\x00mple.com`, `1\x001\x00 [masked]\x00\x00`],
  ['1\b12\b23\b3-\b-4\b45\b5-\b-6\b67\b78\b89\b9', '[masked]'],
  ['_\b1_\b2_\b3_\b-45_\b-6789 under', '[masked]_\b_\b_\b_\b_\b under'],
  [`${esc}]0;ann@example.com\x07title`, `${esc}]0;[masked]\x07title`],
  [
    `${esc}]8;;http://x/${esc}\\123-45-${esc}]8;;${esc}\\6789`,
    `[masked]${esc}]8;;http://x/${esc}\\${esc}]8;;${esc}\\`,
  ],
  [`${esc}(B123-${esc}=45-6789`, `${esc}(B[masked]${esc}=`],
  ['10 %\r 20 %\r123-45-6789\r\n', '10 %\r 20 %\r[masked]\r\n'],
  ['plain text, no value: 12-34', 'plain text, no value: 12-34'],
  [`$ base64 file\r\n${coded}\r\n$ `, '$ base64 file\r\n[masked]\r\n$ '],
  [`is ${coded.slice(0, 9)}${esc}[1m${coded.slice(9)}!`, `is [masked]${esc}[1m!`],
  [`of ${Buffer.from('123-45-6789').toString('hex')} and 12%33-45-6789`, 'of [masked] and [masked]'],
]

suite('what a program writes', () => {
  for (const [text, expected] of streams)
    for (const size of [1, 2, 3, 7, 1_000])
      test(`C21 ${JSON.stringify(text)} in chunks of ${size}`, () => {
        const shown = masked(Buffer.from(text, 'utf8'), size).toString()
        assert.deepEqual(withoutOrder(shown), withoutOrder(expected))
        assert.doesNotMatch(shown, /6789|1111|ann@/)
      })

  test('without a value passes byte for byte, whatever it is, and however it is cut', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
        // None of the detectors finds anything without a digit, an @ or a name of a key.
        const harmless = Buffer.from(bytes.map((byte) => (byte > 0x2f && byte < 0x7f ? 0x2e : byte)))
        assert.deepEqual(masked(harmless, size), harmless)
      }),
      { numRuns: 500 },
    ))

  test('is the same however it is cut', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '1',
            '2',
            '-',
            ' ',
            '123-45-6789',
            esc,
            '[0m',
            '\b',
            '\r',
            '\n',
            'é',
            '€',
            ']0;',
            '\x07',
          ),
          {
            maxLength: 40,
          },
        ),
        fc.integer({ min: 1, max: 9 }),
        (parts, size) => {
          const bytes = Buffer.from(parts.join(''))
          assert.deepEqual(masked(bytes, size).toString(), masked(bytes, 10_000).toString())
        },
      ),
      { numRuns: 500 },
    ))

  test('costs no more where strings begin and never end, nor where all is struck over or no text', () => {
    for (const opening of [
      '\x90',
      '\x9d',
      `${esc}P`,
      `${esc}]`,
      '\x9b',
      'x\bx ',
      '_\bx ',
      '\x00\xff\u00a0\x07',
    ]) {
      const bytes = Buffer.from(opening.repeat(65_536))
      const before = process.cpuUsage()
      const shown = masked(bytes, 65_536)
      const { user } = process.cpuUsage(before)
      assert.ok(shown.equals(bytes))
      // Of this process, in microseconds. Looked through again for each beginning it would be seconds.
      assert.ok(user < 1_000_000, JSON.stringify(opening))
    }
  })

  test('is not held back for longer than a value could last', () => {
    const masker = streamMasker(rules)
    assert.equal(masker.push(Buffer.from('Continue? [y/N] ')).bytes.toString(), 'Continue? [y/N]')
    assert.equal(masker.push(Buffer.from('12')).bytes.toString(), '')
    assert.equal(masker.flush().bytes.toString(), ' 12')
    assert.equal(masker.push(Buffer.from(`${esc}[1m`)).bytes.toString(), `${esc}[1m`)
    assert.equal(masker.push(Buffer.from(`${esc}[`)).bytes.toString(), '')
    assert.equal(masker.end().bytes.toString(), `${esc}[`)
  })
})

/** Where exactly among what is not seen a mask stands does not matter. */
function withoutOrder(text: string): readonly string[] {
  return [...text].toSorted()
}
