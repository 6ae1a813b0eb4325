import {
  controlStream,
  declaredByFile,
  Incarnations,
  limits,
  type Clock,
  type EventData,
  type EventStore,
  type Ids,
  type NewEvent,
  type Target,
} from '@sluice/core'
import { PolicyLog } from './policy-log.ts'

interface DeclarePorts {
  /** This gateway's name in the log. */
  readonly writer: string
  /** Other gateways write to the log too. */
  readonly shared?: boolean
  readonly store: Pick<EventStore, 'append' | 'read'>
  readonly clock: Clock
  readonly ids: Ids
}

/** What the files declare, as events of the control stream. */
export interface Declarations {
  readonly policies: PolicyLog
  /** Whose word counts, as of the end of what was read. */
  readonly incarnations: Incarnations
  /** Appends what differs from what this gateway said before; nothing is served before this is durable. */
  targets(targets: readonly Target[]): Promise<void>
}

/** Reads the control stream once. */
export async function declare({
  writer,
  store,
  clock,
  ids,
  shared = false,
}: DeclarePorts): Promise<Declarations> {
  const policies = new PolicyLog({ store, clock, ids, shared })
  const incarnations = new Incarnations()
  const known = new Map<string, string>()
  for await (const event of store.read(undefined, controlStream)) {
    // A store may hand out more than it is asked for. What no gateway signed is nobody's word.
    if (event.stream !== controlStream || event.sig === null || !incarnations.admits(event)) continue
    policies.take(event)
    // Others have targets of their own, under the same names or not.
    if (event.writer !== writer) continue
    if (event.type !== 'TargetRegistered' && event.type !== 'TargetRemoved') continue
    // What people added is theirs to take away.
    if (event.data.by !== declaredByFile) continue
    if (event.type === 'TargetRegistered') known.set(event.data.name, text(event.data))
    else known.delete(event.data.name)
  }

  return {
    policies,
    incarnations,
    async targets(targets) {
      const changes = targets.map(registered).filter(({ data }) => known.get(data.name) !== text(data))
      const removed = [...known.keys()]
        .filter((name) => !targets.some((target) => target.name === name))
        .map((name) => ({ type: 'TargetRemoved', data: { name, by: declaredByFile } }) as const)
      const bodies = [...changes, ...removed]
      const [first, ...rest] = bodies.map((body): NewEvent => ({
        ...body,
        id: ids.next('evt'),
        time: clock.now(),
      }))
      if (first === undefined) return
      await store.append(
        { stream: controlStream, events: [first, ...rest] },
        { withinMs: limits.appendWaitMs, urgency: 'now' },
      )
    },
  }
}

function registered({ name, protocol, address, via, labels, settings }: Target) {
  const data = {
    name,
    protocol,
    address: `${address.host}:${address.port}`,
    labels: JSON.stringify(labels),
    settings: JSON.stringify(via === undefined ? settings : { ...Object(settings), via }),
    by: declaredByFile,
    entry: null,
  }
  return { type: 'TargetRegistered', data } as const
}

/** Equal texts for equal records, in whatever order the log gives their fields back. */
function text(data: EventData['TargetRegistered']): string {
  return JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
