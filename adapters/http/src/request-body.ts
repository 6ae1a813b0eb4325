import type { IncomingMessage } from 'node:http'
import { refusal, Refused, type Refusal, type Stop } from '@sluice/core'
import { Gathering } from './gathering.ts'

/** Throws `Refused` for a body that says that it is too large. */
export function requireRoom({ headers }: IncomingMessage, bytesMax: number): void {
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
}

/**
 * The whole body of a request. Rejects with `Refused` when it is too large, ends before its end, or stands on a
 * connection that turns out `unreadable` within it.
 */
export async function receiveBody(
  request: IncomingMessage,
  bytesMax: number,
  unreadable: Stop<Refusal>,
): Promise<Buffer> {
  // All of it has come, and it is nothing: most requests have no body, and to read a stream costs more than all of their head.
  if (request.complete && request.readableLength === 0) return nothing
  const cut = Promise.withResolvers<never>()
  using _watch = unreadable.on((reason) => {
    if (!request.complete) cut.reject(new Refused(reason))
  })
  return await Promise.race([wholeOf(request, bytesMax), cut.promise])
}

async function wholeOf(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const body = new Gathering()
  try {
    // What is left of one that is refused is still read, and dropped.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (body.length + chunk.length > bytesMax) throw tooLarge(bytesMax)
      body.add(chunk)
    }
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(torn, { cause: error })
  }
  if (!request.complete) throw new Refused(torn)
  return body.whole()
}

const nothing = Buffer.alloc(0)

export function tooLarge(bytesMax: number): Refused {
  return new Refused(
    refusal('too_large', 'http/body', `The body of a request may have ${bytesMax} bytes here.`),
  )
}

const torn = refusal('malformed', 'http/body', 'The request ended before its body did.')
