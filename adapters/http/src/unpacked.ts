import { codingsOf, decoder, Undecodable, type Coding } from '@sluice/masking'
import { malformed } from './objection.ts'
import { headerOf, without, type Headers } from './replies.ts'
import { tooLarge } from './request-body.ts'

/** Bytes for each byte that came. */
const ratioMax = 100
/** True only of the bytes that came. */
const ofTheBytes: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
])

export interface Unpacked {
  readonly headers: Headers
  readonly body: Buffer
}

/**
 * A body without its content codings, and headers that say so: what is judged is what the target gets. Rejects with
 * `Refused` for a coding that is not known, what is damaged, and what becomes too large.
 */
export async function unpacked(headers: Headers, body: Buffer, bytesMax: number): Promise<Unpacked> {
  const codings = knownCodings(headers)
  if (codings.length === 0) return { headers, body }
  let content: AsyncIterable<Buffer> = once(body)
  for (const coding of codings.toReversed())
    content = decoder(coding, { bytesMax: Number.MAX_SAFE_INTEGER, ratioMax })(content)
  return { headers: without(headers, ofTheBytes), body: await whole(content, bytesMax) }
}

function knownCodings(headers: Headers): readonly Coding[] {
  try {
    return codingsOf(headerOf(headers, 'content-encoding') ?? null)
  } catch (error) {
    throw unreadable(error, '415')
  }
}

async function whole(content: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of content) {
      bytes += piece.length
      if (bytes > bytesMax) throw tooLarge(bytesMax)
      pieces.push(piece)
    }
  } catch (error) {
    throw unreadable(error)
  }
  return Buffer.concat(pieces, bytes)
}

function unreadable(error: unknown, status?: string): unknown {
  if (!(error instanceof Undecodable)) return error
  const known = 'gzip, deflate, br and zstd are read here'
  return malformed(
    'content_coding',
    `The body of the request cannot be unpacked: ${error.message} (${known}).`,
    status,
  )
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body
}
