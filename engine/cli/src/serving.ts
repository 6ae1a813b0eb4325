import type { Address, EventStore } from '@sluice/core'
import type { PolicyChange } from './policies.ts'

export interface ServeOptions {
  /** Folder for the log, keys and compiled policies. */
  readonly data: string
  /** Relative paths of the configuration start here. */
  readonly base: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What goes wrong beside a caller's request, for the operator. Never content. */
  readonly report: (what: string, error: unknown) => void
  /** Folder of the built console; default: where it is built. */
  readonly console?: string
  /** Other policies are in force, or other ones than the files say. */
  readonly activated?: (change: PolicyChange) => void
  /** Stands between the engine and its log: fault tests delay or refuse acks with it. */
  readonly store?: (store: EventStore) => EventStore
  /** Processes in which callers come in, and the text of the configuration, which they read too; one is this one. */
  readonly workers?: { readonly count: number; readonly text: string }
}

export interface Running {
  readonly api: Address
  readonly postgres: Address | null
  readonly http: Address | null
  readonly ssh: Address | null
  /** Where agents connect. */
  readonly agents: Address | null
  /** Where Prometheus reads metrics. */
  readonly prometheus: Address | null
  /** Where the log is: a folder, or brokers. */
  readonly log: string
  /** Resolves when the other gateways have taken this one for lost: it serves nothing until it is started again. */
  readonly lost: Promise<void>
  /** The active policy's. */
  readonly revision: string
  /** Drains for at most `limits.drainMs`, then closes everything. Idempotent. */
  close(): Promise<void>
}
