import { CellSearch, distinctRules, type CellBatch, type DetectorRule } from '@sluice/masking'
import type { Pseudonyms } from '@sluice/core'
import { back } from '../messages.ts'
import type { Reply } from '../replies.ts'
import { cstring, Cursor, frame, headerBytes, int32 } from '../wire.ts'
import { asText } from './column-look.ts'
import type { Detection } from './detection.ts'
import { searched } from './searched.ts'
import { Words, wordsOf } from './words.ts'

/**
 * What a connection hears beside rows: notifications, notices, errors that come late. Whatever was looked for in an answer
 * of the connection, that of its LISTEN for one, is from then on looked for in these.
 */
export class Overheard {
  readonly #pseudonyms: Pseudonyms | undefined
  #rules: readonly DetectorRule[] = []
  #noted: Detection | undefined
  #search: CellSearch | undefined

  constructor(pseudonyms: Pseudonyms | undefined) {
    this.#pseudonyms = pseudonyms
  }

  note(detection: Detection | undefined): void {
    if (detection === undefined || detection === this.#noted) return
    this.#noted = detection
    const rules = distinctRules([...this.#rules, ...detection.rules])
    if (rules.length === this.#rules.length) return
    this.#rules = rules
    this.#search = undefined
  }

  /** There is nothing to look for. */
  get idle(): boolean {
    return this.#rules.length === 0
  }

  /** The same message when nothing is found in it. */
  shown(message: Buffer): Buffer {
    if (this.idle) return message
    const batch = this.#searching.batch()
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
    return searched(reply, this.#searching, (bytes, at, next, batch) =>
      bytes[at] === back.errorResponse || bytes[at] === back.noticeResponse
        ? wordsOf(bytes, at, next, batch)
        : undefined,
    )
  }

  get #searching(): CellSearch {
    this.#search ??= new CellSearch(this.#rules, this.#pseudonyms)
    return this.#search
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
