import {
  controlStream,
  LegalHoldFold,
  selects,
  selectorText,
  type EventData,
  type LegalHold,
  type RecordedEvent,
  type Selector,
} from '@sluice/core'
import { destroyKeys, type DestroyPorts } from './destroy-keys.ts'
import type { Log } from './log.ts'
import { dataKeyId } from './sealing.ts'

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

/** Sessions that the selector means are under a legal hold. */
export class HeldError extends Error {
  override readonly name = 'HeldError'
  readonly holds: readonly LegalHold[]
  constructor(holds: readonly LegalHold[]) {
    super('some of these sessions are under a legal hold')
    this.holds = holds
  }
}

/**
 * Makes content unreadable for good, here and for whoever holds the key-encryption key: the data keys are destroyed, the
 * events stay, and every chain still verifies. What is to be erased is in the log before it is done.
 *
 * @throws StillOpenError
 * @throws HeldError
 */
export async function eraseContent(
  ports: DestroyPorts,
  selector: Selector,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Erased> {
  for (;;) {
    const { sessions, keys, open, held, holds } = await found(ports.log, selector)
    if (held.length > 0) throw new HeldError(held)
    if (open.length > 0) throw new StillOpenError(open)
    const data = { keys: [...keys], selector: selectorText(selector), by, reason, holds }
    if (await destroyKeys(ports, data)) return { sessions: sessions.size, keys: keys.size }
  }
}

type OpenedEvent = Extract<RecordedEvent, { readonly type: 'SessionOpened' }>

interface Found {
  readonly sessions: ReadonlyMap<string, EventData['SessionOpened']>
  /** Ids of data keys. */
  readonly keys: ReadonlySet<number>
  readonly open: readonly string[]
  readonly held: readonly LegalHold[]
  /** Legal holds that were ever placed. */
  readonly holds: number
}

async function found(log: Log, selector: Selector): Promise<Found> {
  const sessions = new Map<string, EventData['SessionOpened']>()
  const open = new Map<string, OpenedEvent>()
  const keys = new Set<number>()
  const lost = new Map<string, number>()
  const holds = new LegalHoldFold()
  for await (const event of log.read()) {
    if (event.stream === controlStream && event.sig !== null) holds.apply(event)
    if (event.type === 'SessionOpened' && selects(selector, event.data)) {
      sessions.set(event.data.session, event.data)
      open.set(event.data.session, event)
    } else if (event.type === 'SessionClosed') open.delete(event.data.session)
    else if (event.type === 'GatewayLost') lost.set(event.data.writer, event.data.epoch)
    if (event.sealed !== null && sessions.has(sessionOf(event) ?? '')) keys.add(dataKeyId(event.sealed))
  }
  const isLost = ({ writer, epoch }: OpenedEvent): boolean => epoch <= (lost.get(writer) ?? -1)
  const over = [...sessions].flatMap(([session, opened]) => holds.over({ session, opened }))
  return {
    sessions,
    keys,
    open: [...open].flatMap(([session, event]) => (isLost(event) ? [] : [session])),
    held: [...new Set(over)],
    holds: holds.placed,
  }
}

/** Of which session an event tells, in its stream or in the control stream; `null`: of none. */
export function sessionOf(event: RecordedEvent): string | null {
  if (event.stream !== controlStream) return event.stream
  return event.type !== 'Unknown' && 'session' in event.data ? event.data.session : null
}
