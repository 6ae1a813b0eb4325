/** What one request is, in words that hold for every protocol (AuthZEN: subject, action, resource, context). */

import type { Proof } from './proof.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Who calls. Verified from a token, never asserted by a header or a user name. */
export interface Subject {
  /** `issuer#sub`: unique across issuers, never an e-mail address. */
  readonly id: string
  readonly type: 'human' | 'service'
  readonly issuer: string
  readonly groups: readonly string[]
  readonly claims: { readonly [name: string]: Json }
  /** The person on whose behalf a service acts (RFC 8693 `act`), as a subject id. */
  readonly on_behalf_of: string | null
}

/** A verified token: who it names and until when it speaks for them. Times in milliseconds since 1970. */
export interface Identity {
  readonly subject: Subject
  readonly tokenId: string
  readonly expiresAt: number
  /** When its issuer gave it out; of one that a gateway made, when the one that it was made from was. */
  readonly issuedAt?: number
  /** `tokenFingerprint` of the tokens that it was made from. */
  readonly madeFrom?: readonly string[]
  /** What the proof is good for, where that is less than what policies let its subject do. */
  readonly confined?: Confinement
}

/** What a bound token, a certificate of OpenSSH or a configured key is good for, beside what policies say. */
export interface Confinement {
  /** Names of the targets that it opens; `null`: all of them. */
  readonly targets: readonly string[] | null
  /** From where, as addresses or networks (`10.0.0.0/8`); without it, from anywhere. */
  readonly networks?: readonly string[]
  /** All that runs over SSH, whatever was asked for (`force-command`); `null`: what is asked for. */
  readonly command: string | null
  /** What it may ask of an SSH server, by the names of PROTOCOL.certkeys, e.g. `permit-pty`; `null`: whatever it likes. */
  readonly permits: readonly string[] | null
}

/** A registered backend, as policies and the log see it. The credential is never part of it. */
export interface TargetView {
  readonly name: string
  readonly protocol: string
  readonly labels: { readonly [name: string]: string }
}

/** How often one subject may ask a target. */
export interface RequestRate {
  /** What it may ask at once. */
  readonly burst: number
  /** What comes back each second; may be below one. */
  readonly perSecond: number
}

/** A target with what its adapter needs to reach and understand it. */
export interface Target<Settings = unknown> extends TargetView {
  readonly address: Address
  /** The name of the agents by which it is reached; `undefined`: from here. */
  readonly via?: string | undefined
  /** `undefined`: as often as it likes. */
  readonly rate?: RequestRate | undefined
  /** How many conditions on masked values each subject may ask where a policy gives a budget for them. */
  readonly conditions?: RequestRate | undefined
  readonly settings: Settings
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** What the gateway logs in with at a target. Fetched when needed; never logged, never shown to a caller. */
export interface Credential {
  readonly user: string
  readonly password: string
  /** SSH: over the private key that `password` is then, as the line of a -cert.pub file. */
  readonly certificate?: string
  /** SSH: in the place of a password, each login gets a certificate of its own. */
  readonly certify?: Certify
}

/** Signs a certificate of OpenSSH that is good for minutes, and for this login only. */
export type Certify = (wanted: {
  /** As it is on the wire; the private key stays with whoever made it. */
  readonly publicKey: Uint8Array
  /** As whom, at the target: the only principal. */
  readonly login: string
  /** In whose name, as the target writes it into its own log. */
  readonly keyId: string
}) => Uint8Array

export interface Client {
  /** Network address without the port. */
  readonly ip: string
  /** What the client calls itself, e.g. `application_name`; unverified. */
  readonly application: string | null
}

/** One LangChain run as the client claims it. Unverified: it correlates, it never authorises. */
export interface Run {
  readonly id: string | null
  readonly trace_id: string | null
  /** The span of that trace from which the request came (W3C trace context). */
  readonly parent?: { readonly span_id: string; readonly sampled: boolean }
}

/** A table or view that a statement touches. */
export interface Relation {
  readonly schema: string
  readonly name: string
  readonly access: 'read' | 'insert' | 'update' | 'delete' | 'ddl'
  /** Columns named in the statement; `*` stands for all. */
  readonly columns: readonly string[]
}

/**
 * The normalised request that policies see. `name` is one of the adapter's closed list; the rest is the
 * protocol's own part (`schemas/actions/<protocol>.json`). Values appear only in the fields that its exchange names, which
 * the log keeps sealed: `parameters`, if it names none.
 */
export interface Action {
  readonly name: string
  readonly kind: string
  readonly read_only: boolean
  readonly [field: string]: Json | readonly Relation[] | undefined
}

/** What an adapter knows of a caller before anything is trusted. */
export interface Hello {
  readonly protocol: string
  readonly target: string
  readonly proof: Proof
  readonly client: Client
  readonly run: Run
  /** How long the secret of its cancel key is to be, a multiple of 4; 4 by default. */
  readonly cancelSecretBytes?: number
}

/** The same as far as it is recorded of one who was not let in; `target` is empty where nobody can say. */
export type Stranger = Pick<Hello, 'protocol' | 'target' | 'client'>

/** An opaque handle with which a caller may cancel; minted by the core, unguessable. */
export interface CancelKey {
  /** Signed, of 32 bits. */
  readonly id: number
  /** As long as the caller's protocol takes, hexadecimal. */
  readonly secret: string
}
