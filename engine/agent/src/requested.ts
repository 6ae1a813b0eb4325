import type { OutgoingHttpHeaders } from 'node:http'
import type { ClientHttp2Stream, Settings } from 'node:http2'
import type { Duplex } from 'node:stream'
import { addressText, type Address } from '@sluice/core'
import { Gathered } from './gathered.ts'
import { limits } from './limits.ts'

/** Of the end that asks for streams: nothing is pushed to it, and what it takes of each is bounded. */
export const askerSettings: Settings = {
  enablePush: false,
  initialWindowSize: limits.streamWindowBytes,
  maxFrameSize: limits.frameBytes,
}

/** Asks for a stream to that address (RFC 9113 §8.5). */
export function connectTo(address: Address): OutgoingHttpHeaders {
  return {
    ':method': 'CONNECT',
    ':authority': addressText(address),
    // Streams take turns; without this the other end would send the oldest one first (RFC 9218).
    priority: 'u=3, i',
  }
}

/** The headers of an answer. */
export type Answer = Readonly<Record<string, unknown>>

/** Rejects when the stream closes first, and with `late` when nothing comes in time. */
export function answerOf(stream: ClientHttp2Stream, withinMs: number, late: () => Error): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const timer = setTimeout(() => reject(late()), withinMs)
  const closed = (): void => reject(new Error('the stream was closed'))
  stream.once('response', resolve)
  stream.once('close', closed)
  return promise.finally(() => {
    clearTimeout(timer)
    stream.off('close', closed)
  })
}

/**
 * The stream as a socket: who is told that nothing more comes says the same, as one does that is not half open; and what is
 * cut off fails and has no end. Node says `end` of a stream that was lost as well, which half of an answer must never have.
 */
export function asSocket(stream: ClientHttp2Stream): Duplex {
  let isWhole = false
  const hand = stream.push.bind(stream)
  const gathered = new Gathered(hand, () => stream.readableLength >= stream.readableHighWaterMark)
  stream.push = (chunk: Buffer | null) => {
    if (chunk !== null) return gathered.push(chunk)
    // Only the other side's own end comes while the stream is open.
    isWhole ||= !stream.closed && !stream.destroyed
    if (isWhole) {
      gathered.flush()
      return hand(null)
    }
    stream.destroy(cut())
    return false
  }
  stream.once('aborted', () => {
    if (!isWhole) stream.destroy(cut())
  })
  stream.once('end', () => stream.end())
  return stream
}

const cut = (): Error => new Error('the connection to the target was cut')
