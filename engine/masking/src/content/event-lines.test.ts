import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { EventLines, type EventLine, type RawEvent } from './event-lines.ts'
import { Unreadable } from './unreadable.ts'

function cut(stream: string, size = stream.length): readonly RawEvent[] {
  const lines = new EventLines()
  const bytes = Buffer.from(stream)
  const events: RawEvent[] = []
  for (let at = 0; at < bytes.length; at += size) events.push(...lines.push(bytes.subarray(at, at + size)))
  const last = lines.end()
  return last === undefined ? events : [...events, last]
}

function fields(lines: readonly EventLine[]): string {
  return lines.map(({ field, value }) => `${field}=${value}`).join(' ')
}

suite('events', () => {
  test('end at an empty line, whatever ends lines', () => {
    for (const end of ['\n', '\r', '\r\n'])
      for (const size of [1, 2, 3, 100]) {
        const events = cut(['event: a', 'data:b', '', ': c', '', ''].join(end), size)
        const said = events.map(({ lines }) => fields(lines)).filter((each) => each !== '')
        assert.deepEqual(said, ['event=a data=b =', '=c ='], JSON.stringify({ end, size }))
      }
  })

  test('lose one space behind the colon, and a mark of the byte order', () => {
    assert.equal(fields(cut('\ufeffdata:  a\ndata\nid:\n')[0]?.lines ?? []), 'data= a data= id=')
  })

  test('are all of what came, in order, however it is cut', () => {
    const stream = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'data: a', ':', 'é'), { maxLength: 20 })
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 9 }), (parts, size) => {
        const text = parts.join('')
        const events = cut(text, size)
        assert.equal(Buffer.concat(events.map(({ bytes }) => bytes)).toString(), text)
        const said = events.flatMap(({ lines }) => lines.map(({ spelled }) => spelled))
        const expected = text.split(/\r\n|\r|\n/)
        if (expected.at(-1) === '') expected.pop()
        assert.deepEqual(said, expected)
      }),
      { numRuns: 2_000 },
    )
  })

  test('take no longer for each line the more there are of them', { timeout: 20_000 }, () => {
    const [event] = cut(':\n'.repeat(60_000), 2)
    assert.equal(event?.lines.length, 60_000)
    assert.throws(() => cut(':\n'.repeat(70_000)), Unreadable)
    assert.throws(() => cut(':\n'.repeat(70_000), 1024), Unreadable)
  })

  test('have a longest', () => {
    assert.throws(() => cut(`data: ${'a'.repeat(5 * 1024 * 1024)}`), Unreadable)
    assert.throws(() => cut(`${`data: ${'a'.repeat(1024)}\n`.repeat(5000)}\n`), Unreadable)
  })
})
