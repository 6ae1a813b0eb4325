import { controlStream, limits, type Clock, type Ids, type RecordedEvent } from '@sluice/core'
import type { Log } from './log.ts'
import { dataKeyId } from './sealing.ts'

/** Whose content is to be made unreadable. */
export type Selector =
  | { readonly kind: 'session'; readonly session: string }
  /** A subject id. */
  | { readonly kind: 'subject'; readonly subject: string }
  /** Of targets. */
  | { readonly kind: 'label'; readonly name: string; readonly value: string }

export interface Erased {
  readonly sessions: number
  readonly keys: number
}

/** Sessions that the selector means are open: their content is still being written. */
export class StillOpenError extends Error {
  override readonly name = 'StillOpenError'
  readonly sessions: readonly string[]
  constructor(sessions: readonly string[]) {
    super('some of these sessions are open')
    this.sessions = sessions
  }
}

export interface ErasePorts {
  readonly log: Log
  readonly clock: Clock
  readonly ids: Ids
}

/**
 * Makes content unreadable for good, here and for whoever holds the key-encryption key: the data keys are destroyed, the
 * events stay, and every chain still verifies. What is to be erased is in the log before it is done.
 *
 * @throws StillOpenError
 */
export async function eraseContent(
  { log, clock, ids }: ErasePorts,
  selector: Selector,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Erased> {
  const { sessions, sealed, open } = await found(log, selector)
  if (open.length > 0) throw new StillOpenError(open)
  const keys = [...sealed.keys()]
  if (keys.length === 0) return { sessions: sessions.size, keys: 0 }
  const data = { keys, selector: textOf(selector), by, reason }
  const event = { id: ids.next('evt'), time: clock.now(), type: 'KeyErased', data } as const
  await log.append(
    { stream: controlStream, events: [event] },
    { withinMs: limits.appendWaitMs, urgency: 'now' },
  )
  for (const one of sealed.values()) await log.erase(one)
  return { sessions: sessions.size, keys: keys.length }
}

interface Found {
  readonly sessions: ReadonlySet<string>
  /** One event for each data key. */
  readonly sealed: ReadonlyMap<number, RecordedEvent>
  readonly open: readonly string[]
}

async function found(log: Log, selector: Selector): Promise<Found> {
  const sessions = new Set<string>()
  const open = new Map<string, Pick<RecordedEvent, 'writer' | 'epoch'>>()
  const sealed = new Map<number, RecordedEvent>()
  const lost = new Map<string, number>()
  for await (const event of log.read()) {
    if (event.type === 'SessionOpened' && means(selector, event)) {
      sessions.add(event.data.session)
      open.set(event.data.session, event)
    } else if (event.type === 'SessionClosed') open.delete(event.data.session)
    else if (event.type === 'GatewayLost') lost.set(event.data.writer, event.data.epoch)
    if (event.sealed !== null && belongs(event, sessions)) sealed.set(dataKeyId(event.sealed), event)
  }
  const isLost = ({ writer, epoch }: Pick<RecordedEvent, 'writer' | 'epoch'>): boolean =>
    epoch <= (lost.get(writer) ?? -1)
  return {
    sessions,
    sealed,
    open: [...open].flatMap(([session, event]) => (isLost(event) ? [] : [session])),
  }
}

function means(
  selector: Selector,
  { data }: Extract<RecordedEvent, { readonly type: 'SessionOpened' }>,
): boolean {
  switch (selector.kind) {
    case 'session':
      return data.session === selector.session
    case 'subject':
      return data.subject.id === selector.subject
    case 'label':
      return (JSON.parse(data.labels) as Readonly<Record<string, unknown>>)[selector.name] === selector.value
  }
}

/** Its session's stream, or what the control stream holds of that session. */
function belongs(event: RecordedEvent, sessions: ReadonlySet<string>): boolean {
  if (event.stream !== controlStream) return sessions.has(event.stream)
  return event.type !== 'Unknown' && 'session' in event.data && sessions.has(event.data.session)
}

function textOf(selector: Selector): string {
  switch (selector.kind) {
    case 'session':
      return `session=${selector.session}`
    case 'subject':
      return `subject=${selector.subject}`
    case 'label':
      return `label=${selector.name}=${selector.value}`
  }
}
