import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Streams } from './streams.ts'

function counted(closedMax: number): Streams<{ readonly made: number }> {
  let made = 0
  return new Streams(closedMax, () => ({ made: ++made }))
}

suite('the streams of an incarnation', () => {
  test('keep their state while they are open, and for a while when they are closed', () => {
    const streams = counted(2)
    const a = streams.get('a')
    assert.equal(streams.get('a'), a)
    streams.close('a')
    assert.equal(streams.get('a'), a)
    for (const name of ['b', 'c']) {
      streams.get(name)
      streams.close(name)
    }
    assert.notEqual(streams.get('a'), a)
  })

  test('take no more memory however many come and go', () => {
    const streams = counted(10)
    const open = streams.get('open')
    for (let count = 0; count < 1_000; count++) {
      streams.get(`ses_${count}`)
      streams.close(`ses_${count}`)
      streams.close(`ses_${count}`)
    }
    assert.equal(streams.size, 11)
    assert.equal(streams.get('open'), open)
    assert.deepEqual([...streams.openNames()], ['open'])
  })
})
