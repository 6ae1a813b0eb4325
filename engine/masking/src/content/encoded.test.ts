import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { builtInDetectors } from '../detectors/built-in.ts'
import { contentMasker } from './content-masker.ts'
import { encodedTexts } from './encoded.ts'

const text = 'Ann’s card is 4000290979900015'
const bytes = Buffer.from(text)

suite('a text in an encoding', () => {
  for (const [how, encoded] of [
    ['base64', bytes.toString('base64')],
    ['base64 for URLs', bytes.toString('base64url')],
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal in upper case', bytes.toString('hex').toUpperCase()],
    ['escapes', encodeURIComponent(text)],
    ['a URL of data', `data:text/plain;charset=utf-8;base64,${bytes.toString('base64')}`],
    ['base64 in base64', Buffer.from(bytes.toString('base64')).toString('base64')],
    ['hexadecimal in base64', Buffer.from(bytes.toString('hex')).toString('base64')],
  ] as const)
    test(`is read in ${how}`, () => assert.ok(encodedTexts(encoded).includes(text)))

  test('is in nothing else', () => {
    for (const plain of [
      text,
      '100% sure of it',
      'a-word',
      'internationalisation',
      '5f2b8c1e-2d43-4b7e-9c1f-0123456789ab',
    ])
      assert.deepEqual(encodedTexts(plain), [], plain)
    for (let time = 0; time < 2_000; time++)
      assert.deepEqual(encodedTexts(randomBytes(24).toString('base64')), [])
  })
})

suite('what a detector finds in it', () => {
  const detector = builtInDetectors.get('card') ?? assert.fail()

  function masked(type: string, content: string): readonly [string, number] {
    const rules = { paths: [], detectors: [{ detector, request: { method: 'last4' as const }, rule: 'm' }] }
    const masker = contentMasker(type, rules)
    const pieces = [masker.push(Buffer.from(content)), masker.end()]
    const values = pieces
      .flatMap(({ masked: counts }) => counts)
      .reduce((sum, { values: more }) => sum + more, 0)
    return [Buffer.concat(pieces.map((piece) => piece.bytes)).toString(), values]
  }

  test('is hidden with all of it, and counted', () => {
    const coded = bytes.toString('base64')
    for (const [type, content, shown] of [
      ['application/json', `{"a":"${coded}","b":["x"]}`, '{"a":"[masked]","b":["x"]}'],
      ['application/json', `{"${coded}":1}`, '{"[masked]":1}'],
      [
        'application/json',
        JSON.stringify({ a: JSON.stringify({ b: coded }) }),
        '{"a":"{\\"b\\":\\"[masked]\\"}"}',
      ],
      ['application/x-ndjson', `{"a":"${coded}"}\n`, '{"a":"[masked]"}\n'],
      ['text/event-stream', `data: {"a":"${coded}"}\n\n`, 'data: {"a":"[masked]"}\n\n'],
      ['text/event-stream', `data: ${coded}\n\n`, 'data: [masked]\n\n'],
      ['application/x-www-form-urlencoded', `a=${encodeURIComponent(coded)}&b=x`, 'a=%5Bmasked%5D&b=x'],
    ] as const)
      assert.deepEqual(masked(type, content), [shown, 1], type)
  })

  test('and stands beside it as it is, is hidden with all of it too', () => {
    const url = 'https://a.example/?a=4000290979900015&b=%34000290979900015'
    assert.deepEqual(masked('application/json', JSON.stringify([url])), ['["[masked]"]', 1])
  })

  test('as it is, stays hidden as it is alone, whatever else is escaped', () => {
    const url = 'https://a.example/?a=4000290979900015&b=%20x'
    const [shown] = masked('application/json', JSON.stringify([url]))
    assert.equal(shown, '["https://a.example/?a=************0015&b=%20x"]')
  })
})
