import type { Duplex } from 'node:stream'
import type { MaskCount } from './events.ts'
import type { Permit } from './permit.ts'
import type { PoolState } from './pool-state.ts'
import type { ScramVerifier } from './proof.ts'
import type { Refusal } from './errors.ts'
import type { Finding, Reach } from './probe.ts'
import type { Recogniser } from './recogniser.ts'
import type { Recording } from './recording.ts'
import type {
  Action,
  Address,
  CancelKey,
  Confinement,
  Credential,
  Hello,
  Json,
  Run,
  Stranger,
  Subject,
  Target,
} from './request.ts'
import type { Stop } from './stop.ts'
import type { Usage } from './usage.ts'
import type { Pseudonyms, Verdict } from './verdict.ts'

/** Validates one `targets:` entry of the configuration, at start-up only. Throws `SchemaError`. */
export interface Schema<T> {
  parse(value: unknown): T
}

/** `at` is the path inside the value, e.g. `['tls']`, so that the CLI can name file and line. */
export class SchemaError extends Error {
  readonly at: readonly string[]
  constructor(at: readonly string[], message: string) {
    super(message)
    this.name = 'SchemaError'
    this.at = at
  }
}

/** What a folder under `adapters/` exports. It translates; it never decides. */
export interface Adapter<Settings = unknown> {
  readonly protocol: string
  /** Closed list of action names that it can emit, e.g. `sql.select`; policies are written against it. */
  readonly actions: readonly string[]
  readonly target: Schema<Settings>
  /** What the gateway needs to log in at a target with these settings. */
  credential(settings: Settings): CredentialNeed
  listen(endpoint: Endpoint, gate: Gate<Settings>): Promise<Listener>
  /** Logs in as a session would, looks at what it finds, and changes nothing. Never rejects. */
  probe?(reach: Reach<Settings>): Promise<readonly Finding[]>
  /** Reads what was recorded of one session; without it people see of a recording only that it is there. */
  readonly recording?: () => Recording
  /** What of it works worse than it should as it is installed here, for the operator. */
  readonly impairments?: readonly string[]
  /**
   * One request of each kind that people know, as the adapter's own reading describes it: what policies are tried on.
   * `known`: what the record has of this target, relations as `schema.name` and routes as `/orders/{}`.
   */
  samples?(settings: Settings, known: readonly string[]): readonly Sample[]
}

export interface Sample {
  /** As its caller would write it, e.g. `GET /customers`. */
  readonly what: string
  readonly actions: readonly [Action, ...Action[]]
}

/** `secret`: a password without a user. `none`: whoever gives one anyway is mistaken. */
export type CredentialNeed = 'login' | 'login or certificate' | 'secret' | 'none'

export interface Endpoint {
  readonly address: Address
  readonly tls?: Certificate
  /** Of protocols that have such: the private key by which clients know the gateway, as OpenSSH keeps it. */
  readonly hostKey?: string
  /** Over that key, for clients that ask for one: the line of a -cert.pub file, as good as it can be made now. */
  readonly hostCertificate?: () => string
  /** How long what is ready for a caller waits until it takes any of it, ms; `limits.callerStallMs` when it is not given. */
  readonly stallMs?: number
}

/** PEM texts of what a listener shows, and of the key to it. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Connections to a target that its sessions share. */
export interface ConnectionLoad {
  /** In use now. */
  readonly busy: number
  /** Open, and nobody uses them. */
  readonly resting: number
  /** Sessions or requests that wait for one. */
  readonly waiting: number
  readonly max: number
}

export interface Listener {
  readonly address: Address
  /** Of the target of that name, as far as anybody came for it; `undefined`: its sessions share no connections. */
  load?(target: string): ConnectionLoad | undefined
  /** Who connects from now on is shown this one. Throws when it cannot be used, and the one before stays. */
  renew(certificate: Certificate): void
  /** Of protocols whose connections to targets outlive sessions. */
  readonly pools?: () => readonly PoolState[]
  /** Stops accepting and resolves once every connection is gone; sessions still open are ended by the gate. */
  close(): Promise<void>
}

/** The engine as an adapter sees it. */
export interface Gate<Settings> {
  /** Authenticates, finds the target and records the session. Throws `Refused`. */
  open(hello: Hello): Promise<Session<Settings>>
  /**
   * Notes one who was refused before anybody could be let in, e.g. for words that cannot be read. Recorded or counted as
   * refused logins are, so a flood does not fill the log. Nobody waits for it.
   */
  refused(stranger: Stranger, refusal: Refusal): void
  /**
   * By what a login of this user name is verified whose password was minted; `undefined`: it shows a token. It tells nothing
   * of whether there is such a password.
   */
  verifier(user: string): ScramVerifier | undefined
  /** Of this protocol, for whoever finds them by another name than their own. Nobody is told before the gate has seen them. */
  targets(protocol: string): readonly Target<Settings>[]
  /** A wrong key does nothing, and says nothing. */
  cancel(key: CancelKey): void
  /** What is known of this target may have changed, by a request that passed here. */
  changed(target: string): void
  /** The same happened in another process of this gateway. */
  onChanged(listener: (target: string) => void): void
  /** What else masks may look for, beside what every adapter knows by its look. */
  readonly patterns: readonly DetectorPattern[]
  /** Who is asked for what has no look. */
  readonly recognisers: readonly Recogniser[]
  /** Of masks that need a key; what they are asked of without one is refused. */
  readonly pseudonyms?: Pseudonyms | undefined
}

/** A company's own identifiers, as its configuration describes them. */
export interface DetectorPattern {
  /** Under which masks ask for it. */
  readonly name: string
  /** In the syntax of RE2. */
  readonly pattern: string
  /** No value is longer. */
  readonly charsMax: number
}

/** One authenticated subject on one target. */
export interface Session<Settings> {
  readonly id: string
  readonly subject: Subject
  /** What its proof is good for, beside what policies say; `null`: for anything. */
  readonly confined: Confinement | null
  readonly target: Target<Settings>
  readonly cancelKey: CancelKey
  /** It goes on under a later token than the one that it was opened with, which opens nothing by that. */
  readonly extended: boolean
  /** Requested when the session must end: token expired, killed, draining, log lost in mid-answer. */
  readonly ending: Stop<Refusal>
  dial(to?: Address): Promise<Duplex>
  /** `refused`: what the target did not accept. It comes back where there is no other: to try it again is no use. */
  credential(refused?: Credential): Promise<Credential>
  /** Milliseconds since 1970. */
  now(): number
  lane(): Lane
  /** The connection is gone. Idempotent. */
  close(reason: string): Promise<void>
}

/** When the first message of a batch came, of the monotonic clock; `undefined`: nobody measures. */
export type Arrival = number | undefined

/** The unit of order within a session: judged, forwarded and answered in this lane's order. */
export interface Lane {
  /**
   * Judges the batch in order, records it in one append, forwards it in order. Within a batch a refused exchange
   * makes the later ones be skipped when it is `atomic`, as a server skips to the end of a failed pipeline.
   */
  submit<Up, Down, Plan>(
    batch: readonly Exchange<Up, Down, Plan>[],
    atomic: boolean,
    arrival?: Arrival,
  ): readonly Admission[]
  /** The caller's latest claim of its run, recorded with each later event of this lane. */
  claim(run: Run): void
  /** What is to be handed over with the batch to which a message belongs that has come now. */
  arrive(): Arrival
  /**
   * The caller is about to hear something that no exchange of its asked for: it is recorded as it hears it, and counts for
   * the session as answers do. A promise when nothing further may be delivered before that.
   */
  aside(rows: number, record: Uint8Array): Promise<void> | undefined
  /** The caller has said farewell: what it sent before is still done, but it waits for no people. */
  leave(): void
  /** The caller is gone, the session may go on: what runs is stopped, and the lane is over. */
  close(): void
  /** Exchanges submitted and not yet answered. At `limits.laneExchangesMax` the adapter must stop reading. */
  readonly pending: number
}

export interface Admission {
  /** Settles when the exchange's place upstream is taken, or will never be. */
  readonly admitted: Promise<'forwarded' | 'refused' | 'skipped'>
  /** Settles when the caller has the whole answer. Never rejects. */
  readonly done: Promise<Outcome>
}

export interface Outcome {
  readonly outcome: 'completed' | 'failed' | 'cut' | 'skipped' | 'refused'
  readonly status: string | null
}

/** One governed request and its answer. */
export interface Exchange<Up, Down, Plan> {
  /** Several only where one message carries several statements: each is judged, all or none pass, one Permit. */
  readonly actions: readonly [Action, ...Action[]]
  /**
   * Which fields of its actions hold values. They are recorded as content alone, sealed; `parameters` when it is not
   * given.
   */
  readonly sealed?: readonly string[]
  /**
   * Values that came beside the request, e.g. of a prepared statement. Policies see them behind the literals under
   * `parameters`; kept apart so that the action of a statement is the same object each time it is executed.
   */
  readonly values?: readonly Json[] | undefined
  /** The exact bytes that are judged and forwarded, and recorded (sealed) when they hold no secret. */
  readonly content: Uint8Array
  /** What is recorded instead of `content` when that holds a secret: the same with marks in their places. */
  readonly recordable?: Uint8Array | undefined
  /** Set when the adapter cannot vouch for the request (unparseable, outside the closed world): it is refused. */
  readonly objection?: Refusal | undefined
  /**
   * The adapter's part of what an approval is bound to: the request, its values with their types and formats, and
   * what its names mean at the target now. A retry of the same request gives the same bytes.
   */
  bound(): Uint8Array | Promise<Uint8Array>
  /** What an approver is shown of it, as UTF-8 JSON: the whole request and its values, but no secret. */
  shown(): Uint8Array
  /**
   * Performing it leaves nothing behind, by proof, and its target does not want it to wait: it may be under way while
   * its decision becomes durable. No byte of its answer is handed over before.
   */
  readonly overlaps?: boolean
  /** How long the caller lets its request take, by its own words; `null` when it has not said. */
  readonly patienceMs?: number | null
  /** `false`: the caller asked to be told at once, and to come back, instead of waiting for people. */
  readonly waits?: boolean
  /** It waits for people: tells the caller once and keeps the connection alive until it is disposed. */
  held(hold: Hold): Disposable
  /** Compiles the verdicts' obligations, one verdict per action. What it cannot fulfil is a refusal. */
  oblige(verdicts: readonly Verdict[]): Obliged<Plan>
  /** Conditions on masked values for which the policy gives a budget; none where it is not said. */
  conditions?(plan: Plan): number
  /** Sends the request before it returns, so that a pipeline leaves in order; the answer is pulled. */
  forward(permit: Permit, plan: Plan, body: AsyncIterable<Up>, stop: Stop<StopReason>): AsyncIterable<Down>
  /** What the caller streams after the request: COPY data, an HTTP body, stdin. */
  readonly body: AsyncIterable<Up>
  maskBody(body: AsyncIterable<Up>, plan: Plan): AsyncIterable<Shown<Up>>
  mask(replies: AsyncIterable<Down>, plan: Plan): AsyncIterable<Shown<Down>>
  /** Hands bytes to the caller; resolves when it may hand over more. */
  reply(item: Down): Promise<void> | void
  /**
   * The refusal in the protocol's own form. `before`: in the place of the whole answer; it takes the exchange's
   * place upstream at once, so that the target's state is what a refusing server's would be. `during`: in the
   * place of what is left of the answer.
   */
  refuse(refusal: Refusal, at: 'before' | 'during'): AsyncIterable<Down>
  /**
   * What the target charges for it, as far as its answer has come. Asked once it is over, however that was: a caller
   * that hangs up before the end has used what it has used. Never throws.
   */
  usage?(): Usage | null
  /** An earlier exchange of its atomic batch was refused: there is no answer of its own. */
  skip(): AsyncIterable<Down>
}

/** What a caller is told while its request waits. */
export interface Hold {
  /** `apr_…` */
  readonly reference: string
  /** What the holding rule says. */
  readonly message: string
  /** Where an approver finds it; `null` when this gateway has no such page. */
  readonly link: string | null
  readonly waitMs: number
}

export type Obliged<Plan> =
  { readonly kind: 'plan'; readonly plan: Plan } | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Why a running exchange must stop: the caller cancelled, a limit was reached, or its session ends. */
export type StopReason = 'cancelled' | 'limit' | 'ending'

/** What the core records, counts and limits of each item that passes. */
export interface Shown<T> {
  readonly item: T
  /** What the caller saw, for the log. Empty for framing. */
  readonly record: Uint8Array
  /** How much it counts, in bytes, where the record does not hold all of it. */
  readonly counted?: number
  readonly rows: number
  readonly masked: readonly MaskCount[]
  /** Somebody may be looking on: what is held of the record leaves with it, or within `recordLiveMs`. */
  readonly flush?: 'now' | 'soon'
  /** Set on the last item. */
  readonly end?: { readonly outcome: 'completed' | 'failed' | 'skipped'; readonly status: string | null }
}
