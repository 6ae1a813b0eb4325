import type { ExportableEvent } from './exported.ts'
import type { Mapped } from './mapper.ts'
import { severityOf, type Severity } from './severity.ts'

/** One document on its way. It is written out once, however often it is sent. */
export interface Parcel {
  /** The same for a repeat. */
  readonly id: string
  readonly timeMs: number
  readonly kind: 'document' | 'line'
  /** JSON, or a line; without a line break. */
  readonly text: string
  readonly bytes: number
  /** Of the event, for receivers that route or partition by it. */
  readonly type: ExportableEvent['type']
  readonly stream: string
  readonly seq: number
  readonly severity: Severity
}

export function parcelOf(event: ExportableEvent, { id, timeMs, body }: Mapped): Parcel {
  const kind = typeof body === 'string' ? 'line' : 'document'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { type, stream, seq } = event
  return {
    id,
    timeMs,
    kind,
    text,
    bytes: Buffer.byteLength(text),
    type,
    stream,
    seq,
    severity: severityOf(event),
  }
}

/** As a JSON value: a line becomes a document with a message. */
export function jsonOf({ kind, text, timeMs }: Parcel): string {
  return kind === 'document'
    ? text
    : JSON.stringify({ '@timestamp': new Date(timeMs).toISOString(), message: text })
}
