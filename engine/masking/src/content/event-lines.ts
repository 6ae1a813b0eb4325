import { eventBytesMax, eventLinesMax } from './limits.ts'
import { Tail } from './tail.ts'
import { Unreadable } from './unreadable.ts'

const newline = 0x0a
const carriageReturn = 0x0d

/** One line of an event. */
export interface EventLine {
  /** E.g. `data`; empty for a comment. */
  readonly field: string
  readonly value: string
  /** As it came, without its end. */
  readonly spelled: string
  /** LF, CR, CRLF; nothing at the end of a stream. */
  readonly end: string
}

export interface RawEvent {
  readonly bytes: Buffer
  readonly lines: readonly EventLine[]
}

/** Cuts a stream into events (WHATWG HTML §9.2.6): lines up to an empty one, whose ends may be of three kinds. */
export class EventLines {
  readonly #tail = new Tail()
  /** Of the event that has no end yet: bytes that were looked at, and where its lines end. */
  #seen = 0
  #lines: { readonly start: number; readonly end: number; next: number }[] = []
  #afterReturn = false

  /** Events, and line ends that came too late for their event. */
  push(piece: Buffer): readonly RawEvent[] {
    const bytes = this.#tail.with(piece)
    const events: RawEvent[] = []
    let from = 0
    let start = this.#lines.at(-1)?.next ?? 0
    for (let at = this.#seen; at < bytes.length; at++) {
      const byte = bytes[at]
      const late = this.#afterReturn && byte === newline
      this.#afterReturn = byte === carriageReturn
      if (byte !== newline && byte !== carriageReturn) continue
      const last = this.#lines.at(-1)
      if (late && last !== undefined) last.next = at + 1
      else if (late) {
        events.push({ bytes: bytes.subarray(from, at + 1), lines: [] })
        from = at + 1
      } else {
        this.#lines.push({ start, end: at, next: at + 1 })
        if (start === at) {
          events.push(this.#event(bytes, from, at + 1))
          from = at + 1
        }
      }
      start = at + 1
    }
    if (bytes.length - from > eventBytesMax || this.#lines.length > eventLinesMax) throw tooLong()
    this.#tail.keep(bytes, from)
    this.#seen = bytes.length - from
    // As long as an event has no end its lines stay where they are, however small the pieces.
    if (from === 0) return events
    for (const [at, line] of this.#lines.entries())
      this.#lines[at] = { start: line.start - from, end: line.end - from, next: line.next - from }
    return events
  }

  /** What no empty line has ended. Browsers drop it, other clients may not. */
  end(): RawEvent | undefined {
    const bytes = this.#tail.with(Buffer.alloc(0))
    const start = this.#lines.at(-1)?.next ?? 0
    if (start < bytes.length) this.#lines.push({ start, end: bytes.length, next: bytes.length })
    return bytes.length === 0 ? undefined : this.#event(bytes, 0, bytes.length)
  }

  #event(bytes: Buffer, from: number, to: number): RawEvent {
    if (to - from > eventBytesMax || this.#lines.length > eventLinesMax) throw tooLong()
    const lines = this.#lines.map(({ start, end, next }) =>
      lineOf(bytes.toString('utf8', start, end), bytes.toString('latin1', end, next)),
    )
    this.#lines = []
    return { bytes: bytes.subarray(from, to), lines }
  }
}

function lineOf(spelled: string, end: string): EventLine {
  // Only the first line of a stream may have a mark of its byte order; in others it makes a field that means nothing.
  const line = spelled.startsWith('\uFEFF') ? spelled.slice(1) : spelled
  const colon = line.indexOf(':')
  if (colon < 0) return { field: line, value: '', spelled, end }
  const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
  return { field: line.slice(0, colon), value, spelled, end }
}

function tooLong(): Unreadable {
  return new Unreadable('an event is longer than any that can be judged')
}
