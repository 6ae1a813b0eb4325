import type { Parcel } from './parcel.ts'

/** A receiver, and how it takes a batch. */
export interface Sink {
  /** How much it takes at once, where that is not the usual. */
  readonly capacity?: Capacity
  /**
   * One attempt. Resolves with what became of each document; what it throws counts as a failure. It may be given
   * again what it has, and does not hold on to it.
   */
  deliver(batch: readonly Parcel[], signal: AbortSignal): Promise<Delivery>
  close(): Promise<void>
}

export interface Capacity {
  readonly documents: number
  readonly bytes: number
}

/** The reasons never hold an address, a secret, or content. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | Failed
  /** Trying the same again would change nothing: at least one of them is to blame. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Told apart; what is neither refused nor left is delivered. */
  | {
      readonly kind: 'sorted'
      readonly refused: readonly { readonly at: number; readonly reason: string }[]
      /** Places of what is to be tried again, and why it was not taken. */
      readonly left: readonly number[]
      readonly reason: string
      readonly afterMs: number
    }

/** All of it may go otherwise later; not before `afterMs`, where the receiver says so. */
export interface Failed {
  readonly kind: 'failed'
  readonly reason: string
  readonly afterMs: number
}

export const delivered: Delivery = { kind: 'delivered' }

export function failed(reason: string, afterMs: number = 0): Failed {
  return { kind: 'failed', reason, afterMs }
}

export function refusedBy(reason: string): Delivery {
  return { kind: 'refused', reason }
}
