import type { Reply } from './replies.ts'

/** What must leave first leaves first. */
export async function* gated(flight: AsyncIterable<Reply>, before: Promise<void>): AsyncGenerator<Reply> {
  await before
  yield* flight
}

/** Without a generator: one promise less for each piece of an answer. */
export function mapped(replies: AsyncIterable<Reply>, map: (reply: Reply) => Reply): AsyncIterable<Reply> {
  const source = replies[Symbol.asyncIterator]()
  const next = async (): Promise<IteratorResult<Reply, undefined>> => {
    const result = await source.next()
    return result.done === true ? { done: true, value: undefined } : { done: false, value: map(result.value) }
  }
  return { [Symbol.asyncIterator]: () => ({ next }) }
}
