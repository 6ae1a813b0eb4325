import { Control, type ControlPorts } from './control.ts'
import type { EventData, RecordedEvent } from './events.ts'

/** A target that somebody added, for all gateways of the log. */
export interface Registration {
  readonly name: string
  /** As JSON, what a file would say of it. */
  readonly entry: string
  /** A subject id. */
  readonly by: string
}

export type NewRegistration = Omit<EventData['TargetRegistered'], 'entry'> & { readonly entry: string }

/**
 * Targets that people added, folded from the control stream: of two with the same name the first in its order is the
 * target. Commands throw `Refused('log_unavailable')` when the log does not take or give back their event.
 */
export interface Registrations {
  /** Whether it counts; if not, there is one of that name. */
  register(registration: NewRegistration): Promise<boolean>
  /** Whether there was one. */
  remove(name: string, by: string): Promise<boolean>
  list(): readonly Registration[]
  /** Called with the name of each one that came or went. */
  onChange(listener: (name: string) => void): Disposable
  readonly healthy: boolean
  close(): Promise<void>
}

/** What a gateway's own files say is declared by this, which is nobody's subject id. */
export const declaredByFile = 'file'

export async function openRegistrations(ports: ControlPorts): Promise<Registrations> {
  const registered = new Map<string, Registration>()
  const listeners = new Set<(name: string) => void>()
  const control = new Control(ports, (event) => {
    const name = folded(event, registered)
    if (name !== null) for (const listener of listeners) listener(name)
    return name !== null
  })
  await control.open()
  return {
    register: (data) => control.record({ type: 'TargetRegistered', data }),
    remove: (name, by) => control.record({ type: 'TargetRemoved', data: { name, by } }),
    list: () => [...registered.values()],
    onChange: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    get healthy() {
      return control.healthy
    },
    close: () => control.close(),
  }
}

/** The name of the target that came or went by it. */
function folded(event: RecordedEvent, registered: Map<string, Registration>): string | null {
  if (event.type === 'TargetRegistered') {
    const { name, entry, by } = event.data
    if (by === declaredByFile || entry === null || registered.has(name)) return null
    registered.set(name, { name, entry, by })
    return name
  }
  if (event.type !== 'TargetRemoved' || event.data.by === declaredByFile) return null
  return registered.delete(event.data.name) ? event.data.name : null
}
