import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { ControlFrames, type Stretch } from './control-frames.ts'

function stretch(segment: number, offset: number, end: number): Stretch {
  return { from: { segment, offset, index: -1 }, end: { segment, offset: end } }
}

const end = { segment: 2, offset: 900 }

function frames(...added: readonly Stretch[]): ControlFrames {
  const made = new ControlFrames({ segment: 1, offset: 500 })
  for (const { from, end: to } of added) made.add(from, to)
  return made
}

suite('the frames of the control stream', () => {
  test('from before this incarnation the log is read as it is', () => {
    const from = { segment: 1, offset: 64, index: 3 }
    assert.deepEqual(frames(stretch(1, 600, 700)).after(from, end), [{ from, end }])
  })

  test('after it only they are, each once', () => {
    const some = [stretch(1, 500, 600), stretch(1, 800, 900), stretch(2, 64, 100)]
    const made = frames(...some)
    assert.deepEqual(made.after({ segment: 1, offset: 500, index: -1 }, end), some)
    assert.deepEqual(made.after({ segment: 1, offset: 600, index: -1 }, end), some.slice(1))
    assert.deepEqual(made.after({ segment: 1, offset: 900, index: -1 }, end), some.slice(2))
    assert.deepEqual(made.after({ ...end, index: -1 }, end), [])
  })

  test('from inside one the rest of it is read', () => {
    const from = { segment: 1, offset: 500, index: 1 }
    assert.deepEqual(frames(stretch(1, 500, 600)).after(from, end), [
      { from, end: { segment: 1, offset: 600 } },
    ])
  })

  test('who is behind more than are remembered reads the log in between', () => {
    const made = frames(...Array.from({ length: 2_000 }, (_, at) => stretch(2, at * 10, at * 10 + 5)))
    const from = { segment: 2, offset: 0, index: -1 }
    assert.deepEqual(made.after(from, { segment: 2, offset: 30_000 }), [
      { from, end: { segment: 2, offset: 30_000 } },
    ])
    assert.equal(made.after({ segment: 2, offset: 19_990, index: -1 }, end).length, 1)
  })

  test('whoever waits is woken by the next one, and by the end', async () => {
    const made = frames()
    const first = made.grown()
    made.add({ segment: 1, offset: 600 }, { segment: 1, offset: 700 })
    await first
    const second = made.grown()
    assert.notEqual(first, second)
    made.wake()
    await second
  })
})
