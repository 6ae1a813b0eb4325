import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Members } from './members.ts'

function found(text: string, cut: number, wanted: readonly string[]): object {
  const bytes = Buffer.from(text)
  const members = new Members(wanted)
  members.push(bytes.subarray(0, cut))
  members.push(bytes.subarray(cut))
  return members.found()
}

test('finds what a parser finds, in any document and wherever it is cut', () => {
  const named = fc.dictionary(fc.constantFrom('a', 'b', 'c"{', 'é'), fc.jsonValue(), {
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(named, fc.nat(), fc.constantFrom(undefined, 2), (document, at, space) => {
      const text = JSON.stringify(document, null, space)
      const wanted = ['a', 'c"{', 'é']
      const expected = Object.fromEntries(
        Object.entries(JSON.parse(text) as object).filter(([name]) => wanted.includes(name)),
      )
      assert.deepEqual(found(text, at % (text.length + 1), wanted), expected)
    }),
  )
})

test('looks at the outermost object alone', () => {
  assert.deepEqual(found('{"x":{"a":1},"y":[{"a":2}],"z":"\\"a\\":3"}', 0, ['a']), {})
  assert.deepEqual(found('[{"a":1}]', 0, ['a']), {})
})

test('of a name that comes twice the last counts, as for whoever parses it', () => {
  assert.deepEqual(found('{"a":1,"\\u0061":2}', 0, ['a']), { a: 2 })
})

test('what is broken, cut off or too long was not said', () => {
  for (const text of ['', '{"a":', '{"a":1', '{"a":nope}', '}}}{"a":1}', `{"a":"${'x'.repeat(20_000)}"}`])
    assert.deepEqual(found(text, 0, ['a']), {})
})
