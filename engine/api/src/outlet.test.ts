import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Outlet } from './outlet.ts'

/** Timers that ring when they are told to. */
function bell() {
  const waiting = new Set<() => void>()
  return {
    waiting,
    after: (_ms: number, callback: () => void): Disposable => {
      waiting.add(callback)
      return { [Symbol.dispose]: () => void waiting.delete(callback) }
    },
    ring: (): void => {
      const due = [...waiting]
      waiting.clear()
      for (const callback of due) callback()
    },
  }
}

function outlet(queue = 3) {
  const clock = bell()
  let ends = 0
  const opened = new Outlet({ clock, queue, heartbeatMs: 1, ended: () => ends++ })
  return { opened, clock, ends: () => ends }
}

async function all(from: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const text of from) found.push(text)
  return found
}

test('messages come in order, each on one line whatever is in it', async () => {
  const { opened } = outlet()
  opened.send('approval', { text: 'a\nb\n\nevent: x' })
  opened.end('expired')
  assert.deepEqual(await all(opened), [
    ': following\n\n',
    'event: approval\ndata: {"text":"a\\nb\\n\\nevent: x"}\n\n',
    'event: end\ndata: {"reason":"expired"}\n\n',
  ])
})

test('who does not take what waits is told so, and holds no more than the bound', async () => {
  const { opened, ends } = outlet(3)
  for (let index = 0; index < 1_000; index++) opened.send('session', { index })
  assert.equal(ends(), 1)
  assert.deepEqual(await all(opened), ['event: end\ndata: {"reason":"slow"}\n\n'])
})

test('silence is broken while somebody listens, and not for who does not', async () => {
  const { opened, clock } = outlet()
  const reading = opened[Symbol.asyncIterator]()
  await reading.next()
  clock.ring()
  assert.equal((await reading.next()).value, ': still here\n\n')
  for (let index = 0; index < 100; index++) clock.ring()
  opened.close()
  const rest: string[] = []
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) rest.push(next.value)
  assert.equal(rest.length, 1)
  assert.equal(clock.waiting.size, 0, 'a closed stream keeps no timer')
})

test('nothing is sent behind the end', async () => {
  const { opened, ends } = outlet()
  opened.end('draining')
  opened.send('session', {})
  opened.end('slow')
  assert.equal((await all(opened)).length, 2)
  assert.equal(ends(), 1)
})
