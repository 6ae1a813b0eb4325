import type { RecordedEvent } from '@sluice/core'

const bytesFields: ReadonlySet<string> = new Set(['sealed', 'prev_hash', 'hash', 'sig'])

/** A recorded event as text. What is sealed in it stays so: it is opened as the event itself would be. */
export function keptEvent(event: RecordedEvent): string {
  const bytes = (field: string): string | null => {
    const value = event[field as 'sealed']
    return value === null ? null : Buffer.from(value).toString('base64')
  }
  return JSON.stringify({
    ...event,
    ...Object.fromEntries([...bytesFields].map((field) => [field, bytes(field)])),
  })
}

/** The event that was kept so. */
export function eventKept(text: string): RecordedEvent {
  const kept = Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>)
  return Object.fromEntries(
    kept.map(([field, value]) => [
      field,
      bytesFields.has(field) && value !== null ? Buffer.from(value as string, 'base64') : value,
    ]),
  ) as unknown as RecordedEvent
}
