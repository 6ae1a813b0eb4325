import { test } from 'node:test'
import assert from 'node:assert/strict'
import { inLanes, type Laned } from './lanes.ts'

interface Named extends Laned {
  readonly name: string
}

/** Runs them on a clock that jumps to whichever ends next; tells who ran beside whom. */
async function played(
  jobs: readonly (Named & { readonly takes: number })[],
  lanes: number,
): Promise<{ readonly results: readonly string[]; readonly beside: readonly string[] }> {
  const running = new Map<string, { readonly until: number; readonly end: () => void }>()
  const beside: string[] = []
  let now = 0
  const all = inLanes(jobs, lanes, async ({ name, takes }) => {
    beside.push([name, ...running.keys()].join(' '))
    await new Promise<void>((end) => running.set(name, { until: now + takes, end }))
    running.delete(name)
    return name.toUpperCase()
  })
  let over = false
  void all.finally(() => (over = true))
  for (; !over; await new Promise(setImmediate)) {
    const [next] = [...running.values()].toSorted((one, other) => one.until - other.until)
    now = next?.until ?? now
    next?.end()
  }
  return { results: await all, beside }
}

test('the lane that is free takes the next one, and the results are in the order of the list', async () => {
  const jobs = [
    { name: 'long', takes: 10 },
    { name: 'a', takes: 3 },
    { name: 'b', takes: 3 },
    { name: 'c', takes: 9 },
    { name: 'd', takes: 1 },
  ]
  const { results, beside } = await played(jobs, 2)
  assert.deepEqual(results, ['LONG', 'A', 'B', 'C', 'D'])
  assert.deepEqual(beside, ['long', 'a long', 'b long', 'c long', 'd c'])
})

test('what has to be alone comes last, with nothing beside it', async () => {
  const jobs = [
    { name: 'alone', takes: 1, alone: 'it measures' },
    { name: 'a', takes: 5 },
    { name: 'alone too', takes: 1, alone: 'it measures' },
    { name: 'b', takes: 9 },
  ]
  const { results, beside } = await played(jobs, 2)
  assert.deepEqual(results, ['ALONE', 'A', 'ALONE TOO', 'B'])
  assert.deepEqual(beside, ['a', 'b a', 'alone', 'alone too'])
})

test('one lane is one after another', async () => {
  const jobs = ['a', 'b', 'c'].map((name) => ({ name, takes: 2 }))
  assert.deepEqual((await played(jobs, 1)).beside, ['a', 'b', 'c'])
})

test('what cannot be run at all is the caller’s to hear', async () => {
  const failing = inLanes([{}], 2, () => Promise.reject(new Error('no such program')))
  await assert.rejects(failing, /no such program/)
})
