import { headerOf, type Reply } from './replies.ts'

/**
 * The answer to a request, or to the same request with another credential where the target did not accept the first.
 * 401 says that the request was not applied (RFC 9110 §15.5.2), so that nothing happens twice, whatever its method; AWS
 * says it with 403 and the name of the error.
 * `again`: sends it; `undefined` where there is no other credential.
 */
export class SecondAttempt implements AsyncIterable<Reply> {
  readonly #first: AsyncIterable<Reply>
  readonly #again: () => Promise<AsyncIterable<Reply> | undefined>

  constructor(first: AsyncIterable<Reply>, again: () => Promise<AsyncIterable<Reply> | undefined>) {
    this.#first = first
    this.#again = again
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply, undefined> {
    let replies = this.#first[Symbol.asyncIterator]()
    let begun = false
    const begin = async (): Promise<IteratorResult<Reply, undefined>> => {
      begun = true
      const head = await replies.next()
      if (head.done === true || !isNotApplied(head.value)) return head
      const second = await this.#again().catch(async (error: unknown) => {
        await replies.return?.()
        throw error
      })
      if (second === undefined) return head
      // What the target says to the first is nobody's business.
      await replies.return?.()
      replies = second[Symbol.asyncIterator]()
      return replies.next()
    }
    return {
      next: () => (begun ? replies.next() : begin()),
      return: async () => (await replies.return?.()) ?? { done: true, value: undefined },
    }
  }
}

/** Of the errors that are common to the services of AWS, those that are about the keys of a signature. */
const ofKeys = /^(?:UnrecognizedClientException|InvalidSignatureException|ExpiredTokenException)(?::|$)/

function isNotApplied(reply: Reply): boolean {
  if (reply.kind !== 'head') return false
  if (reply.status === 401) return true
  return reply.status === 403 && ofKeys.test(headerOf(reply.headers, 'x-amzn-errortype') ?? '')
}
