import { Control, type ControlPorts } from './control.ts'
import { LegalHoldFold, type LegalHold } from './legal-hold-fold.ts'
import { selectorText, type Selector } from './selector.ts'

/** A person, by subject id, and why. */
export interface Because {
  readonly by: string
  readonly reason: string
}

export type ReleaseResult =
  | { readonly kind: 'released'; readonly hold: LegalHold }
  /** Somebody else did. */
  | { readonly kind: 'conflict'; readonly hold: LegalHold }
  | { readonly kind: 'unknown' }

/**
 * Legal holds, folded from the control stream: while one is on a session, neither retention nor an erasure destroys what
 * was recorded of it. Commands throw `Refused('log_unavailable')` when the log does not take or give back their event.
 */
export interface LegalHolds {
  place(selector: Selector, because: Because): Promise<LegalHold>
  release(id: string, because: Because): Promise<ReleaseResult>
  /** In the order in which they were placed, released ones too. */
  list(): readonly LegalHold[]
  /** Called after each change that the log tells. */
  onChange(listener: () => void): Disposable
  readonly healthy: boolean
  close(): Promise<void>
}

export async function openLegalHolds(ports: ControlPorts): Promise<LegalHolds> {
  const fold = new LegalHoldFold()
  const listeners = new Set<() => void>()
  const control = new Control(ports, (event) => {
    const changed = fold.apply(event)
    if (changed) for (const listener of listeners) listener()
    return changed
  })
  await control.open()
  return {
    async place(selector, because) {
      const id = ports.ids.next('lgh')
      const data = { hold: id, selector: selectorText(selector), ...because }
      await control.record({ type: 'LegalHoldPlaced', data })
      const hold = fold.get(id)
      if (hold === undefined) throw new Error('the legal hold was recorded but does not count')
      return hold
    },
    async release(id, because) {
      const before = fold.get(id)
      if (before === undefined) return { kind: 'unknown' }
      if (before.released !== null) return { kind: 'conflict', hold: before }
      const accepted = await control.record({ type: 'LegalHoldReleased', data: { hold: id, ...because } })
      return { kind: accepted ? 'released' : 'conflict', hold: fold.get(id) ?? before }
    },
    list: () => fold.all(),
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
