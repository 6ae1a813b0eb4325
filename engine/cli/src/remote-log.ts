import type { EventType, Position, RecordedEvent } from '@sluice/core'
import type { Client } from './client.ts'
import { linesOf } from './lines.ts'

export interface RemoteReading {
  readonly after: Position | undefined
  /** Goes on with what comes. */
  readonly follow: boolean
  /** These alone. */
  readonly types?: readonly EventType[]
}

/** The whole log of a gateway, without content, as its API hands it out to an auditor. */
export async function* remoteLog(
  client: Pick<Client, 'get'>,
  { after, follow, types }: RemoteReading,
): AsyncGenerator<RecordedEvent> {
  const query = new URLSearchParams({ whole: 'true' })
  if (after !== undefined) query.set('after', after)
  if (follow) query.set('follow', 'true')
  if (types !== undefined) query.set('types', types.join(','))
  const { body } = await client.get(`/v1/events?${query.toString()}`)
  if (body === null) return
  for await (const line of linesOf(body)) yield eventOf(line)
}

interface Line {
  readonly type: string
  readonly prev_hash: string
  readonly hash: string
  readonly sig: string | null
}

function eventOf(text: string): RecordedEvent {
  const line = JSON.parse(text) as Line
  return {
    ...line,
    sealed: null,
    prev_hash: Buffer.from(line.prev_hash, 'hex'),
    hash: Buffer.from(line.hash, 'hex'),
    sig: line.sig === null ? null : Buffer.from(line.sig, 'hex'),
  } as unknown as RecordedEvent
}
