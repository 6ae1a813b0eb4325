import type { Clock } from '@sluice/core'

/**
 * Lines of JSON as they come, and an empty one when there was none for so long, which readers pass over: clients and what
 * is between take a silent answer for a dead one.
 */
export async function* keptAlive(
  lines: AsyncIterable<string>,
  everyMs: number,
  clock: Pick<Clock, 'after'>,
): AsyncGenerator<string> {
  const iterator = lines[Symbol.asyncIterator]()
  let coming = iterator.next()
  try {
    for (;;) {
      const line = await within(coming, everyMs, clock)
      if (line === undefined) yield '\n'
      else if (line.done === true) return
      else {
        yield line.value
        coming = iterator.next()
      }
    }
  } finally {
    coming.catch(() => {})
    // It may wait for its next line until its reader's signal ends that.
    void iterator.return?.()
  }
}

/** `undefined`: not within that time. */
async function within<T>(
  coming: Promise<T>,
  ms: number,
  clock: Pick<Clock, 'after'>,
): Promise<T | undefined> {
  const silence = Promise.withResolvers<undefined>()
  using _ = clock.after(ms, () => silence.resolve(undefined))
  return await Promise.race([coming, silence.promise])
}
