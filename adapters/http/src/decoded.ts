import { codingsOf, decoder } from '@sluice/masking'
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
export async function* decoded(replies: AsyncIterable<Reply>, bodiless: boolean): AsyncGenerator<Reply> {
  const source = replies[Symbol.asyncIterator]()
  try {
    const first = await source.next()
    if (first.done === true) return
    const head = first.value
    const codings = head.kind === 'head' ? codingsOf(headerOf(head.headers, 'content-encoding') ?? null) : []
    if (head.kind !== 'head' || codings.length === 0 || bodiless || isBodiless(head.status)) {
      yield head
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
      return
    }
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
