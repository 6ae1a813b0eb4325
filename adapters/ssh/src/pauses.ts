import type { Output, Reply } from './replies.ts'

/** At a terminal somebody waits for what is held back. */
const pauseMs = 200

/** The same replies, and an empty one wherever nothing came for a while. */
export async function* withPauses(replies: AsyncIterable<Reply>): AsyncGenerator<Reply> {
  const source = replies[Symbol.asyncIterator]()
  let next = source.next()
  for (;;) {
    let late: NodeJS.Timeout | undefined
    const pause = new Promise<'pause'>((resolve) => (late = setTimeout(resolve, pauseMs, 'pause')))
    const came = await Promise.race([next, pause])
    clearTimeout(late)
    if (came === 'pause') {
      yield* silence
      const after = await next
      if (after.done === true) return
      yield after.value
    } else if (came.done === true) return
    else yield came.value
    next = source.next()
  }
}

const nothing = Buffer.alloc(0)
const silence: readonly Output[] = [
  { kind: 'stdout', bytes: nothing },
  { kind: 'stderr', bytes: nothing },
]
