import type { EventStore, LogFollower, RecordedEvent } from '@sluice/core'
import type { OutletState } from './checkpoint-courier.ts'
import type { Unsealed } from './sealing.ts'
import type { Removal } from './segment-removal.ts'

/** The log as the process that writes it sees it. */
export interface Log extends EventStore, LogFollower {
  /** This gateway's name in the log: the same after every start in this folder. */
  readonly writer: string
  /** Which start of it this is. */
  readonly epoch: number
  /** For how long from now on it stays live, as far as anybody can tell. */
  readonly liveForMs: number
  /** Bytes that were taken and are not durable yet. */
  readonly queuedBytes: number
  /** Where else it is kept how far it went. */
  readonly outlets: readonly OutletState[]
  /** The content of an event of this log. */
  unseal(event: RecordedEvent): Promise<Unsealed>
  /** Destroys a data key: what is sealed with it is unreadable for good. Again is as well. */
  erase(key: number): Promise<void>
  /** Removes old events of sessions, where that is not the brokers' to do; how many segments. More may be due. */
  removeOlder(removal: Removal): Promise<number>
}
