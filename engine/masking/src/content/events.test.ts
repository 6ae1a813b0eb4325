import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Undecodable } from '../data-type.ts'
import type { MaskRequest } from '../replacer.ts'
import { everyCut, masked, rules, ssn } from './scripted.ts'

const events = 'text/event-stream'
const redact: MaskRequest = { method: 'redact' }
const both = rules({ '$..secret': redact }, [ssn])

suite('what becomes of events', () => {
  const cases: readonly (readonly [what: string, stream: string, shown: string])[] = [
    ['data that is JSON', 'data: {"secret": 1.0}\n\n', 'data: {"secret": 0}\n\n'],
    ['escapes in it', 'data: ["\\u003123-45-6789"]\n\n', 'data: ["[masked]"]\n\n'],
    ['JSON over several lines', 'data: {"secret":\ndata:1}\n\n', 'data: {"secret":\ndata: 0}\n\n'],
    ['data that is a string of JSON', 'data: "\\u003123-45-6789"\n\n', 'data: "[masked]"\n\n'],
    ['data that is text', 'data: my 123-45-6789\r\n\r\n', 'data: my [masked]\r\n\r\n'],
    [
      'comments, names and ids',
      ':123-45-6789\nevent: 123-45-6789\nid: 123-45-6789\n\n',
      ':[masked]\nevent: [masked]\nid: [masked]\n\n',
    ],
    [
      'nothing to hide',
      '\ufeff: hi\nretry: 3\ndata:  { "a" : 1e2 }\r\rdata\n\n',
      '\ufeff: hi\nretry: 3\ndata:  { "a" : 1e2 }\r\rdata\n\n',
    ],
    ['what no line ends', 'data: 123-45-6789', 'data: [masked]'],
    ['nothing', '', ''],
  ]
  for (const [what, stream, shown] of cases)
    test(what, () => {
      for (const cuts of everyCut(stream)) assert.equal(masked(events, both, stream, cuts).text, shown)
    })

  test('what stands in the place of a value never makes a line', () => {
    const by = rules({ '$.a': redact }, [ssn], { method: 'constant', value: 'x\ndata: y\r\rz' })
    const stream = ': 123-45-6789\ndata: "123-45-6789"\n\ndata: 123-45-6789\n\n'
    const shown = ': x data: y z\ndata: "x\\ndata: y\\r\\rz"\n\ndata: x\ndata: data: y\ndata: \ndata: z\n\n'
    assert.equal(masked(events, by, stream).text, shown)
  })

  test('data that only a forgiving client reads as JSON is refused where paths hide something', () => {
    for (const data of ["{'secret':1}", '{"secret":1,}', '{"secret":NaN}', '[{"secret":1}'])
      assert.throws(() => masked(events, both, `data: ${data}\n\n`), Undecodable)
    assert.equal(masked(events, rules({}, [ssn]), 'data: {123-45-6789\n\n').text, 'data: {[masked]\n\n')
  })

  test('data that is nested too deep is refused', () => {
    for (const depth of [129, 100_000]) {
      const deep = `{"choices":[{"delta":{"content":${'['.repeat(depth)}${']'.repeat(depth)}}}]}`
      assert.throws(() => masked(events, both, `data: ${deep}\n\n`), Undecodable)
    }
  })

  test('any stream without a match leaves byte for byte, however it is cut', () => {
    const data = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constantFrom('[DONE]', 'hello', '', ' '),
    )
    const event = fc.tuple(
      fc.constantFrom('', 'event: a\n', ': c\r\n', 'id: é\r'),
      data,
      fc.constantFrom('\n\n', '\r\n\r\n', '\r\r'),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 9 }), (all, places) => {
        const stream = all.map(([head, text, end]) => `${head}data: ${text}${end}`).join('')
        const cuts = places.map((place) => place % (Buffer.byteLength(stream) + 1))
        assert.equal(masked(events, rules({ '$..never': redact }, [ssn]), stream, cuts).text, stream)
      }),
    )
  })
})
