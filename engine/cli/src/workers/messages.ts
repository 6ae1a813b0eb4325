import type {
  Address,
  CancelKey,
  GrantView,
  Identity,
  OpenSession,
  Outcome,
  Passed,
  PoolState,
  Refusal,
  Registration,
  Revocation,
  Spending,
  Subject,
} from '@sluice/core'
import type { StoreReply, StoreRequest } from '@sluice/journal'
import type { InForce } from '@sluice/policy'

/** The file descriptor of the channel, at both ends. */
export const channelFd = 4
/** Of what goes through the tunnels of agents. */
export const tunnelsFd = 5

/** All that a worker needs to know before it serves anybody. */
export interface Beginning {
  /** Of the supervisor: who is not its child any more serves nobody. */
  readonly supervisor: number
  /** The configuration as the supervisor read it, whatever the file says by now. */
  readonly file: string
  readonly text: string
  readonly base: string
  readonly data: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The incarnation in the log, which is one for all workers. */
  readonly writer: string
  readonly epoch: number
  /** Where the workers before it listen, which may be ports that the system chose. */
  readonly addresses: Addresses
  readonly apiUrl: string | null
  readonly policy: InForce
  readonly grants: readonly GrantView[]
  readonly revocations: readonly Revocation[]
  readonly registrations: readonly Registration[]
  readonly standing: readonly Seen[]
}

export type Addresses = Readonly<Record<string, Address>>
export type Seen = Pick<Subject, 'id' | 'groups'>

/** What is told of a session in a worker. */
export type SessionTold = Pick<
  OpenSession,
  'id' | 'gateway' | 'client' | 'run' | 'openedAt' | 'opened' | 'identity' | 'facts' | 'target'
>
/** What changes of it. */
export type SessionChange = Pick<OpenSession, 'id' | 'run' | 'identity' | 'facts'>

/** With a number the worker answers once it goes by it. */
export type Asked =
  | { readonly kind: 'policy'; readonly policy: InForce }
  | { readonly kind: 'extend'; readonly session: string; readonly identity: Identity }
  /** Everything that was told before. */
  | { readonly kind: 'settle' }

/** What happens in one process of a gateway and counts in the others. */
export type Relayed =
  | { readonly kind: 'cancel'; readonly key: CancelKey }
  | { readonly kind: 'spent'; readonly spending: Spending }
  | { readonly kind: 'changed'; readonly target: string }

export type ToWorker =
  | { readonly kind: 'begin'; readonly beginning: Beginning }
  | { readonly kind: 'store'; readonly reply: StoreReply }
  | { readonly kind: 'ask'; readonly id: number; readonly asked: Asked }
  | { readonly kind: 'relay'; readonly relayed: Relayed }
  | { readonly kind: 'grant'; readonly grant: GrantView }
  | { readonly kind: 'revocation'; readonly revocation: Revocation }
  | { readonly kind: 'target'; readonly name: string; readonly registration: Registration | null }
  | { readonly kind: 'seen'; readonly seen: Seen }
  | { readonly kind: 'end'; readonly session: string; readonly reason: Refusal; readonly graceMs: number }
  | { readonly kind: 'api'; readonly url: string }
  | { readonly kind: 'drain' }

export type ToSupervisor =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'store'; readonly request: StoreRequest }
  /** `refusal`: why not. */
  | { readonly kind: 'answer'; readonly id: number; readonly refusal: Refusal | null }
  | { readonly kind: 'relay'; readonly relayed: Relayed }
  | { readonly kind: 'met'; readonly identity: Identity }
  | { readonly kind: 'opened'; readonly session: SessionTold }
  | { readonly kind: 'sessions'; readonly changes: readonly SessionChange[] }
  | { readonly kind: 'closed'; readonly session: string }
  | { readonly kind: 'pools'; readonly pools: readonly PoolState[] }
  /** `originMs`: where the clock of its times begins, by `sinceBootMs`. */
  | {
      readonly kind: 'passed'
      readonly passed: Passed
      readonly outcome: Outcome['outcome']
      readonly originMs: number
    }
  | { readonly kind: 'report'; readonly what: string; readonly words: string }
