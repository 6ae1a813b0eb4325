import { codingsOf, decoder, type Coding } from '@sluice/masking'
import { headerOf, without, type Reply } from './replies.ts'

/** What an answer may become when it is decoded. */
const limits = { bytesMax: 1_073_741_824, ratioMax: 100 } as const
const codingHeaders: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'etag',
])

/** The answer without its content codings; its head names the one, where it was one. Throws `Undecodable` for one that is not known, damaged or a bomb. */
export function decoded(replies: AsyncIterable<Reply>, bodiless: boolean): AsyncIterable<Reply> {
  return { [Symbol.asyncIterator]: () => new Decoding(replies[Symbol.asyncIterator](), bodiless) }
}

/** What came in no coding, as nearly everything does, is handed on as it is. */
class Decoding implements AsyncIterator<Reply, undefined> {
  #replies: AsyncIterator<Reply>
  readonly #bodiless: boolean
  #begun = false

  constructor(replies: AsyncIterator<Reply>, bodiless: boolean) {
    this.#replies = replies
    this.#bodiless = bodiless
  }

  next(): Promise<IteratorResult<Reply, undefined>> {
    return this.#begun ? this.#replies.next() : this.#begin()
  }

  async return(): Promise<IteratorResult<Reply, undefined>> {
    await this.#replies.return?.()
    return { done: true, value: undefined }
  }

  async #begin(): Promise<IteratorResult<Reply, undefined>> {
    this.#begun = true
    const first = await this.#replies.next()
    if (first.done === true || first.value.kind !== 'head') return first
    try {
      const head = first.value
      const codings = codingsOf(headerOf(head.headers, 'content-encoding') ?? null)
      if (codings.length === 0 || this.#bodiless || isBodiless(head.status)) return first
      this.#replies = uncoded(head, codings, this.#replies)
      return await this.#replies.next()
    } catch (error) {
      await this.#replies.return?.()
      throw error
    }
  }
}

async function* uncoded(
  head: Reply & { kind: 'head' },
  codings: readonly Coding[],
  source: AsyncIterator<Reply>,
): AsyncGenerator<Reply, undefined> {
  try {
    const [only, ...more] = codings
    const one = only === undefined || more.length > 0 ? {} : { coding: only }
    yield { ...head, ...one, headers: without(head.headers, codingHeaders) }
    const body = new Body(source)
    let content: AsyncIterable<Buffer> = body
    for (const coding of codings.toReversed()) content = decoder(coding, limits)(content)
    for await (const bytes of content) yield { kind: 'data', bytes }
    yield body.end
  } finally {
    await source.return?.()
  }
}

export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** The data of an answer, up to its end. */
class Body implements AsyncIterable<Buffer> {
  end: Reply = { kind: 'end', trailers: [] }
  readonly #source: AsyncIterator<Reply>

  constructor(source: AsyncIterator<Reply>) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
      if (next.value.kind === 'data') yield next.value.bytes
      if (next.value.kind === 'end') this.end = next.value
    }
  }
}
