import type { Outbox } from './outbox.ts'
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

/** An answer to constants, behind those before it. A target that is lost ends the connection with the reason for it. */
export async function handedOver(
  replies: AsyncIterable<Reply>,
  previous: Promise<unknown>,
  client: Outbox,
): Promise<void> {
  await previous
  try {
    for await (const { bytes } of replies) {
      client.push(bytes)
      await client.full()
    }
  } catch {
    return
  }
}
