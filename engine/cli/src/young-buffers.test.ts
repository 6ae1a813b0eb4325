import assert from 'node:assert/strict'
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { freeBuffersYoung } from './young-buffers.ts'

const pieceBytes = 65_536
const pieces = 16_384

test('a gigabyte that passes by in buffers causes a few collections of the whole heap, not one for each 64 MB', async () => {
  const before = await wholeCollections()
  freeBuffersYoung()
  const after = await wholeCollections()
  assert.ok(before > 8, `${before} before: the runtime does not do any more what this is for`)
  assert.ok(after <= before / 3, `${after} after ${before} before`)
})

/** While buffers are made and dropped, as an answer that streams makes them. */
async function wholeCollections(): Promise<number> {
  let whole = 0
  const count = (entries: readonly PerformanceEntry[]): void => {
    for (const { detail } of entries as readonly (PerformanceEntry & { readonly detail: { kind: number } })[])
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) whole += 1
  }
  const observer = new PerformanceObserver((list) => count(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  for (let piece = 0; piece < pieces; piece++) {
    Buffer.allocUnsafeSlow(pieceBytes).fill(piece)
    if (piece % 16 === 0) await turn()
  }
  count(observer.takeRecords())
  observer.disconnect()
  return whole
}
