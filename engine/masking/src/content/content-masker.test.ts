import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Undecodable } from '../data-type.ts'
import { contentMasker } from './content-masker.ts'
import { InvalidMask, type ContentRules } from './rules.ts'
import { masked, rules, ssn } from './scripted.ts'

const found = rules({}, [ssn], { method: 'stars' })

suite('text', () => {
  test('hides what is found, and nothing else', () => {
    assert.equal(masked('text/plain', found, 'é 123-45-6789').text, 'é ***********')
    assert.equal(masked('text/html', found, '<p>123-45-6789</p>').text, '<p>***********</p>')
  })

  test('is the same however it is cut', () => {
    const parts = fc.constantFrom('123-45-6789', '12', '-', '😀', 'é', '\n', '\ufeff')
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 9 }),
        (words, places) => {
          const text = words.join('')
          const cuts = places.map((place) => place % (Buffer.byteLength(text) + 1))
          assert.deepEqual(masked('text/plain', found, text, cuts), masked('text/plain', found, text))
          assert.equal(masked('text/plain', rules({}, [{ ...ssn, find: () => [] }]), text, cuts).text, text)
        },
      ),
    )
  })

  test('has no paths, and what it holds may be what they hide', () => {
    const by = rules({ '$.a': { method: 'redact' } })
    for (const type of ['text/plain', 'text/html', 'application/xml'])
      assert.throws(() => contentMasker(type, by), Undecodable)
  })

  test('in UTF-16 that nothing tells from UTF-8 but its zeros is refused', () => {
    for (const order of [(bytes: Buffer) => bytes, (bytes: Buffer) => bytes.swap16()])
      assert.throws(
        () => masked('text/csv', found, order(Buffer.from('a,123-45-6789', 'utf16le'))),
        Undecodable,
      )
  })

  test('that is no UTF-8 is refused', () => {
    for (const bytes of [Buffer.from('é', 'latin1'), Buffer.from('é').subarray(0, 1)])
      assert.throws(() => masked('text/plain', found, bytes), Undecodable)
  })
})

test('whatever comes is shown or refused, and nothing else happens', () => {
  const types = [
    'application/json',
    'application/x-ndjson',
    'text/event-stream',
    'text/plain',
    'application/x-www-form-urlencoded',
  ]
  const parts = fc.oneof(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      '\n',
      '\r',
      'data: ',
      '&',
      '=',
      '%',
      '1e9',
      'null',
      '123-45-6789',
    ),
    fc.constantFrom(
      '"choices"',
      '"delta"',
      '"content"',
      '"type"',
      '"index"',
      '"logprobs"',
      '"a.delta"',
      '{"choices":[{"delta":{"content":',
    ),
    fc.constantFrom(
      'data: {"choices":[{"delta":{"content":"12","tool_calls":[{"function":{"arguments":"{"}}]},"finish_reason":1}]}\n\n',
    ),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  const by = (type: string): ContentRules =>
    rules(type === 'text/plain' ? {} : { '$..a': { method: 'hash' } }, [ssn])
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.array(parts, { maxLength: 12 }),
      fc.nat(40),
      (type, words, cut) => {
        try {
          masked(type, by(type), words.join(''), [Math.min(cut, Buffer.byteLength(words.join('')))])
        } catch (error) {
          assert.ok(error instanceof Undecodable, String(error))
        }
      },
    ),
    { numRuns: 5_000 },
  )
})

suite('a masker', () => {
  test('that has failed says nothing more', () => {
    const masker = contentMasker('application/json', found)
    assert.throws(() => masker.push(Buffer.from('{]')), Undecodable)
    assert.throws(() => masker.push(Buffer.from('{}')), Undecodable)
    assert.throws(() => masker.end(), Undecodable)
  })

  test('that has ended takes nothing more', () => {
    const masker = contentMasker('application/json', found)
    masker.end()
    assert.throws(() => masker.push(Buffer.from('{}')), Undecodable)
  })

  test('never changes what it was given', () => {
    const given = Buffer.from('["123-45-6789"]')
    const copy = Buffer.from(given)
    contentMasker('application/json', found).push(given)
    assert.ok(given.equals(copy))
  })

  test('counts what it masked in each piece', () => {
    const masker = contentMasker('application/json', found)
    const of = (text: string): unknown => masker.push(Buffer.from(text)).masked.map(({ values }) => values)
    assert.deepEqual([of('["123-45-6789", "123-45-6789",'), of('"123-45'), of('-6789"]')], [[2], [], [1]])
  })

  test('is not made of rules that cannot be kept', () => {
    for (const path of ['a', '$['])
      assert.throws(
        () => contentMasker('application/json', rules({ [path]: { method: 'redact' } })),
        InvalidMask,
      )
    assert.throws(() => contentMasker('application/json', rules({ '$.a': { method: 'hash' } })), InvalidMask)
  })
})
