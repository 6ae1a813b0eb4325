import {
  limits,
  type Clock,
  type EventData,
  type EventStore,
  type Ids,
  type NewEvent,
  type Target,
} from '@sluice/core'
import type { Bundle } from '@sluice/policy'

interface DeclarePorts {
  readonly store: Pick<EventStore, 'append' | 'read'>
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
}

/** What the files declare, as events of the control stream. */
export interface Declarations {
  /** Appends what differs from what the log already says; nothing is served before this is durable. */
  start(bundle: Bundle, targets: readonly Target[]): Promise<void>
  policyActivated(bundle: Bundle): Promise<void>
  policyRejected(errors: string): Promise<void>
}

const by = 'file'
const control = 'control'

export function declare(ports: DeclarePorts): Declarations {
  const { store, clock, ids, report } = ports

  async function append(...bodies: readonly Pick<NewEvent, 'type' | 'data'>[]): Promise<void> {
    const events = bodies.map((body) => ({ ...body, id: ids.next('evt'), time: clock.now() }) as NewEvent)
    const [first, ...rest] = events
    if (first === undefined) return
    await store.append(
      { stream: control, events: [first, ...rest] },
      { withinMs: limits.appendWaitMs, urgency: 'now' },
    )
  }

  return {
    async start(bundle, targets) {
      const known = await lastDeclared(store)
      const changes = targets
        .map(registered)
        .filter(({ data }) => known.targets.get(data.name) !== text(data))
      const removed = [...known.targets.keys()]
        .filter((name) => !targets.some((target) => target.name === name))
        .map((name) => ({ type: 'TargetRemoved', data: { name, by } }) as const)
      const policy = known.revision === bundle.revision ? [] : [activated(bundle)]
      await append(...policy, ...changes, ...removed)
    },
    policyActivated: (bundle) =>
      append(activated(bundle)).catch((error: unknown) =>
        report('an activated policy was not recorded', error),
      ),
    policyRejected: (errors) =>
      append({ type: 'PolicyRejected', data: { errors, by } }).catch((error: unknown) =>
        report('a rejected policy was not recorded', error),
      ),
  }
}

function activated(bundle: Bundle): Pick<NewEvent, 'type' | 'data'> {
  return {
    type: 'PolicyActivated',
    data: {
      revision: bundle.revision,
      compiler: bundle.compiler,
      bundle: JSON.stringify(bundle.files),
      by,
      reason: 'the policy folder',
    },
  }
}

function registered({ name, protocol, address, labels, settings }: Target) {
  const data = {
    name,
    protocol,
    address: `${address.host}:${address.port}`,
    labels: JSON.stringify(labels),
    settings: JSON.stringify(settings),
    by,
  }
  return { type: 'TargetRegistered', data } as const
}

/** Equal texts for equal records, in whatever order the log gives their fields back. */
function text(data: EventData['TargetRegistered']): string {
  return JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

async function lastDeclared(store: Pick<EventStore, 'read'>) {
  const targets = new Map<string, string>()
  let revision: string | null = null
  for await (const event of store.read()) {
    if (event.stream !== control) continue
    if (event.type === 'PolicyActivated') revision = event.data.revision
    else if (event.type === 'TargetRegistered') targets.set(event.data.name, text(event.data))
    else if (event.type === 'TargetRemoved') targets.delete(event.data.name)
  }
  return { targets, revision }
}
