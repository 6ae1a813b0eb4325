import type { CancelKey } from './request.ts'

/** Something was spent of a budget that all processes of a gateway share. */
export interface Spending {
  /** Which budget, by the name that the gate gives it. */
  readonly budget: string
  readonly spender: string
  readonly units: number
}

/** Why a session is over of which nobody knows what it was doing: the process that served it is gone. */
export const workerLost = 'worker lost'

/**
 * The other processes of one gateway, where it has several: each tells them what happens in it and counts for all. It
 * arrives within milliseconds, and nobody waits for it.
 */
export interface Elsewhere {
  /** Somebody asks to cancel; no session here has this key. */
  cancel(key: CancelKey): void
  spent(spending: Spending): void
  /** What is known of this target may have changed, e.g. its tables. */
  changed(target: string): void
}
