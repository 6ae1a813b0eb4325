import type {
  Credential,
  Address,
  Identity,
  Target,
  TargetView,
  Run,
  Subject,
  Client,
  Action,
} from './request.ts'
import type { Proof } from './proof.ts'
import type { NewEvent, RecordedEvent } from './events.ts'
import type { TakeFollowed } from './followed.ts'
import type { ApprovalScope, Verdict } from './verdict.ts'
import type { Duplex } from 'node:stream'

/** Wall and monotonic time, so that tests own both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds of a clock that never steps back; only differences mean anything. */
  monotonic(): number
  /** Calls back once after `ms`, unless disposed first. Does not keep the process alive. */
  after(ms: number, callback: () => void): Disposable
}

/** Identifiers and randomness. */
export interface Ids {
  /** `prefix_` and 26 upper-case Crockford characters, ascending within a process. */
  next(prefix: string): string
  /** A uniformly random signed 32-bit integer from a cryptographic source. */
  random32(): number
}

/** Opaque, ordered only within a partition of the store; survives restarts. */
export type Position = string & { readonly __position: unique symbol }

/** What concerns more than one session. Every gateway may write it and all of them follow it; its events are signed. */
export const controlStream = 'control'

/** One atomic append: all of its events become durable together, in order, or none does. */
export interface Unit {
  readonly stream: string
  readonly events: readonly [NewEvent, ...NewEvent[]]
}

export interface AppendOptions {
  /** Rejects with `StoreError('deadline')` when the unit is not durable by then; it may still become so later. */
  readonly withinMs: number
  /** `soon`: nobody waits for this unit, so it may ride with the next flush (at most a few milliseconds later). */
  readonly urgency: 'now' | 'soon'
}

/** The authoritative log. One contract suite runs against every implementation (`test/contract`). */
export interface EventStore {
  /** Resolves once every event of the unit is durable. Never retried by callers; the store never gives one up. */
  append(unit: Unit, options: AppendOptions): Promise<Position>
  /** All events from the start, or after a position, to the present end; of one stream when it is given. */
  read(after?: Position, stream?: string): AsyncIterable<RecordedEvent>
  /** Like `read`, then waits for more until the signal aborts. */
  subscribe(after: Position | undefined, signal: AbortSignal, stream?: string): AsyncIterable<RecordedEvent>
  /** Whether an append could be taken now: for readiness, never a promise. */
  readonly healthy: boolean
  /**
   * Whether effects may be performed now: nobody else can have taken this incarnation for lost. Ask in the turn in
   * which an effect leaves, since the process may have slept at any await.
   */
  readonly live: boolean
  close(): Promise<void>
}

/** The log for who follows all of it and asks for no content, which costs far less than a subscription. */
export interface LogFollower {
  /**
   * Hands out what is after a position, then what comes, until the signal aborts or the log is closed. Rejects with what
   * `take` throws; reads again from elsewhere are for whoever asks.
   */
  follow(after: Position | undefined, signal: AbortSignal, take: TakeFollowed): Promise<void>
}

/** Why the log did not take a unit in time. */
export class StoreError extends Error {
  readonly reason: 'unavailable' | 'full' | 'deadline' | 'closed'
  constructor(reason: StoreError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.reason = reason
  }
}

/** The input document of `schemas/input.schema.json`: always complete. Its parts are frozen and reused. */
export interface PolicyInput {
  readonly version: 1
  readonly request_id: string
  readonly time: { readonly now_ms: number; readonly weekday: string; readonly hour: number }
  readonly subject: Subject & { readonly facts?: Facts }
  readonly client: Client
  readonly target: TargetView
  readonly action: Action
  readonly session: { readonly id: string; readonly facts: SessionFacts }
  readonly run: {
    readonly id: string | null
    readonly trace_id: string | null
    readonly verified: false
    readonly facts?: Facts
  }
  readonly approvals: readonly PolicyApproval[]
  /** What people gave the subject for a while on this target, as far as it is valid now. */
  readonly grants: readonly PolicyGrant[]
}

/** An approval by which a held request is judged once more. */
export interface PolicyApproval {
  readonly id: string
  /** The rules that held it. */
  readonly rules: readonly string[]
  /** Groups of which people voted. */
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly scope: ApprovalScope
  /** Subject ids. */
  readonly approved_by: readonly string[]
  readonly expires_ms: number
}

/** Access that somebody gave the subject until a time. */
export interface PolicyGrant {
  readonly id: string
  readonly target: string
  /** What was given; the rules say what that means. */
  readonly role: string
  /** It ends then, in milliseconds since 1970. */
  readonly until_ms: number
  /** In the words of who asked for it. */
  readonly reason: string
  /** Subject id. */
  readonly given_by: string
}

/** What the log says so far of one session. Exact over what is done; `in_flight` counts what is not. */
export interface SessionFacts {
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  /** Of language models, what went in and what came out. */
  readonly tokens: number
  /** Millionths of the currency of the price lists. */
  readonly cost_micros: number
  readonly in_flight: number
}

/**
 * What the log says of a run or a subject within the last day, over all sessions and gateways. It lags: `as_of_ms` is
 * the time of the newest event in it. A run's name is a claim of its client, so what must not be evaded is asked of
 * the subject.
 */
export interface Facts {
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
  /** Of data that was read: the labels `data` of the targets. Sorted. */
  readonly classes: readonly string[]
  readonly as_of_ms: number
}

/** Of the session; of its run and its subject where the policies read that. */
export interface MomentFacts extends SessionFacts {
  readonly run?: Facts
  readonly subject?: Facts
}

/** What is known in the moment in which a request is judged; recorded, so that it can be judged again. */
export interface Moment {
  readonly nowMs: number
  readonly facts: MomentFacts
}

/** What runs and subjects did lately, by their ids. Synchronous: it is asked on the way of every request. */
export interface FactsOf {
  of(kind: 'run' | 'subject', id: string): Facts
}

export interface Decision {
  readonly verdict: Verdict
  /** Content hash of the policy bundle that gave it. */
  readonly revision: string
}

/** The policy decision point. It never throws: what goes wrong inside is a denial with a `policy/…` rule. */
export interface PolicyDecisionPoint {
  readonly revision: string
  /** Whether the policies in force read facts of runs or subjects. */
  readonly readsFacts?: boolean
  /** Synchronous when the answer is cached: the hot path does not yield for it. */
  evaluate(input: PolicyInput): Decision | Promise<Decision>
}

/** Turns a proof into who it speaks for. Throws `Refused` with `token_refused` or `token_expired`. */
export interface Authenticator {
  authenticate(proof: Proof): Promise<Identity>
}

/** Secrets of targets, by target name: read late, and kept. */
export interface Credentials {
  /** `refused`: what the target did not accept. It comes back where there is no other: to try it again is no use. */
  credential(target: string, refused?: Credential): Promise<Credential>
}

/** Opens a byte stream to a target: a socket here, or one at an agent; callers cannot tell. */
export interface Dialer {
  dial(target: Target, to: Address): Promise<Duplex>
}

/** What the gateway registers and looks up by name. */
export interface Targets {
  find(name: string): Target | undefined
  list(): readonly Target[]
}

export type { Run }
