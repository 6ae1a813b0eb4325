import { CellSearch, type CellBatch, type DetectorRule } from '@sluice/masking'
import type { Pseudonyms } from '@sluice/core'
import { back } from '../messages.ts'
import type { Reply } from '../replies.ts'
import { Rewriter } from '../rewriter.ts'
import { cstring, Cursor, frame, headerBytes, int32 } from '../wire.ts'
import { asText } from './column-look.ts'
import type { Detection } from './detection.ts'
import { Words } from './words.ts'

/**
 * What a connection hears beside rows: notifications, notices, errors that come late. Whatever was looked for in an answer
 * of the connection, that of its LISTEN for one, is from then on looked for in these.
 */
export class Overheard {
  readonly #pseudonyms: Pseudonyms | undefined
  readonly #rules = new Map<string, DetectorRule>()
  #noted: Detection | undefined
  #search: CellSearch | undefined

  constructor(pseudonyms: Pseudonyms | undefined) {
    this.#pseudonyms = pseudonyms
  }

  note(detection: Detection | undefined): void {
    if (detection === undefined || detection === this.#noted) return
    this.#noted = detection
    for (const rule of detection.rules) {
      const { detector, request } = rule
      const key = JSON.stringify([detector.name, request.method, request.value, request.to])
      if (this.#rules.has(key)) continue
      this.#rules.set(key, rule)
      this.#search = undefined
    }
  }

  /** There is nothing to look for. */
  get idle(): boolean {
    return this.#rules.size === 0
  }

  /** The same message when nothing is found in it. */
  shown(message: Buffer): Buffer {
    if (this.idle) return message
    const batch = this.#batch()
    switch (message[0]) {
      case back.notificationResponse:
        return notificationShown(message, batch)
      case back.errorResponse:
      case back.noticeResponse: {
        const words = new Words(message, batch)
        batch.settle()
        return words.shown(batch) ?? message
      }
      default:
        return message
    }
  }

  /** The same answer but for its errors and notices: a constraint may be checked, and a trigger speak, long after. */
  words(reply: Reply): Reply {
    if (this.idle) return reply
    const bytes = Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.length)
    const batch = this.#batch()
    const told: { readonly at: number; readonly next: number; readonly words: Words }[] = []
    for (let at = 0, next = 0; at < bytes.length; at = next) {
      next = at + 1 + bytes.readInt32BE(at + 1)
      if (bytes[at] === back.errorResponse || bytes[at] === back.noticeResponse)
        told.push({ at, next, words: new Words(bytes.subarray(at, next), batch) })
    }
    if (told.length === 0) return reply
    batch.settle()
    const rewriter = new Rewriter(bytes, reply)
    for (const { at, next, words } of told) {
      const shown = words.shown(batch)
      if (shown !== undefined) rewriter.replace(at, next, shown)
    }
    rewriter.add(batch.masked())
    return rewriter.result()
  }

  #batch(): CellBatch {
    this.#search ??= new CellSearch([...this.#rules.values()], this.#pseudonyms)
    return this.#search.batch()
  }
}

/** The process that notified, the channel, the payload (PostgreSQL 15 §55.7). */
function notificationShown(message: Buffer, batch: CellBatch): Buffer {
  const cursor = new Cursor(message, headerBytes)
  const process = cursor.int32()
  const channel = cursor.text()
  const place = batch.add(cursor.terminated(), asText)
  cursor.finish()
  batch.settle()
  const payload = batch.at(place)
  if (payload === undefined) return message
  return frame(message[0] ?? 0, int32(process), cstring(channel), cstring(payload.toString()))
}
