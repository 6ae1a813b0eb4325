import type { EventStore } from '@sluice/core'
import type { ExchangeRecord } from './exchange-records.ts'
import type { ContentPorts } from './recording-session.ts'

/**
 * Ids of those exchanges whose recorded content holds the text, in either case: requests with their values, and answers
 * as the caller saw them. The log is read once. A text that two pieces of a recording share is not found, nor a value in
 * binary; content that was erased or does not open holds nothing.
 */
export async function holding(
  text: string,
  among: readonly ExchangeRecord[],
  { store, unseal }: Pick<ContentPorts, 'unseal'> & { readonly store: Pick<EventStore, 'read'> },
  gone: AbortSignal,
): Promise<ReadonlySet<string>> {
  const sought = text.toLowerCase()
  const sessions = new Map(among.map(({ exchange, session }) => [exchange, session]))
  const oldest = Math.min(...among.map(({ at_ms }) => at_ms))
  const found = new Set<string>()
  if (among.length === 0) return found
  for await (const event of store.read()) {
    if (gone.aborted) return found
    if (event.time < oldest || event.sealed === null) continue
    if (
      event.type !== 'RequestReceived' &&
      event.type !== 'ResponseCompleted' &&
      event.type !== 'RecordingChunk'
    )
      continue
    const { exchange } = event.data
    if (found.has(exchange) || sessions.get(exchange) !== event.stream) continue
    const unsealed = await unseal(event).catch(() => null)
    if (unsealed?.kind !== 'content') continue
    if (Buffer.from(unsealed.content).toString().toLowerCase().includes(sought)) found.add(exchange)
  }
  return found
}
