/** What the API answers of what is operated: targets, agents, identities, access, exporters, the record. */

export type Health = 'good' | 'advice' | 'bad'

export interface TargetState {
  readonly address: string
  readonly via: string | null
  readonly sessions: number
  readonly connections: {
    readonly busy: number
    readonly resting: number
    readonly waiting: number
    readonly max: number
  } | null
  readonly probed: { readonly at: string; readonly state: Health } | null
}

export interface OperatedTarget {
  readonly name: string
  readonly protocol: string
  readonly labels: { readonly [name: string]: string }
  readonly served: boolean
  readonly source: 'file' | 'log'
  readonly state: TargetState | null
}

export interface TargetFinding {
  readonly state: Health
  readonly about: string
  readonly detail: string
  readonly remedy: string
}

export interface TargetProbe {
  readonly at: string
  readonly by: string
  readonly findings: readonly TargetFinding[]
}

interface Rate {
  readonly per_second: number
  readonly burst: number
}

export interface TargetDetail extends OperatedTarget {
  readonly added_by: string | null
  readonly terms: {
    readonly credential: { readonly user: string | null; readonly place: string } | null
    readonly rate: Rate | null
    readonly conditions: Rate | null
    readonly access: {
      readonly approvers: readonly string[]
      readonly roles: readonly string[]
      readonly max_s: number
    } | null
    readonly settings: readonly { readonly name: string; readonly value: string }[]
  } | null
  readonly probe: TargetProbe | null
}

/** What came of an attempt to add one. */
export interface AddedTarget {
  readonly name: string
  readonly added: boolean
  readonly findings: readonly TargetFinding[]
}

export interface AgentConnection {
  readonly id: string
  readonly gateway: string
  readonly since: string
  readonly version: string
  readonly client_ip: string
  readonly allows: readonly string[]
  readonly streams: number | null
  readonly heard_at: string | null
  readonly certificate_until: string | null
}

export interface Agent {
  readonly id: string
  readonly name: string
  readonly state: 'invited' | 'expired' | 'enrolled' | 'removed'
  readonly invited_at: string
  readonly invited_by: string
  readonly expires_at: string
  readonly enrolled_at: string | null
  readonly connections: readonly AgentConnection[]
}

export interface IssuerState {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  readonly issuer: string
  readonly audience: string
  readonly groups_claim: string | null
  readonly mappings: number
  readonly console: boolean
  readonly keys: {
    readonly read_at: string | null
    readonly count: number
    readonly trouble: string | null
  } | null
  readonly accepted: number
  readonly accepted_at: string | null
  readonly refused: number
  readonly last_refusal: { readonly at: string; readonly rule: string } | null
  readonly refusals: readonly { readonly rule: string; readonly count: number }[]
}

export interface SeenSubject {
  readonly subject: string
  readonly type: 'human' | 'service' | null
  readonly groups: readonly string[] | null
  readonly on_behalf_of: string | null
  readonly seen_at: string
  readonly token: string | null
  readonly token_expires_at: string | null
  readonly sessions: number
  readonly passwords: readonly string[]
}

export interface Revocation {
  readonly of: 'token' | 'subject'
  readonly token: string | null
  readonly subject: string | null
  readonly revoked_at: string
  readonly issued_up_to: string | null
  readonly until: string
  readonly by: string
  readonly reason: string
}

export type GrantState = 'requested' | 'given' | 'rejected' | 'revoked' | 'ended'

export interface Grant {
  readonly id: string
  readonly state: GrantState
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly role: string
  readonly life_ms: number
  readonly reason: string
  readonly requested_at: string
  readonly approvers: readonly string[]
  readonly decided_by: string | null
  readonly decision_reason: string | null
  readonly revoked_by: string | null
  readonly expires_at: string
}

export interface Exporter {
  readonly name: string
  readonly documents: number
  readonly dead_letters: number
  readonly lag_events: number
  readonly lag_ms: number
  readonly format: string
  readonly sink: string
  readonly destination: string
  readonly events: number
  readonly done_at: string | null
  readonly trouble: string | null
  readonly last_trouble: { readonly at: string; readonly reason: string } | null
}

export interface System {
  readonly gateway: string
  readonly sessions: number
  readonly log: { readonly healthy: boolean; readonly queued_bytes: number }
  readonly read_models: { readonly healthy: boolean; readonly lag_ms: number | null }
  readonly exporters: readonly Exporter[]
  readonly ready: boolean
  readonly checks: { readonly [name: string]: boolean }
}

export interface VerificationJob {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'stopped'
  readonly by: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly events: number
  readonly percent: number
  readonly report: {
    readonly ok: boolean
    readonly events: number
    readonly streams: number
    readonly unknown: number
    readonly removed: number
    readonly findings: readonly {
      readonly segment: string
      readonly offset: number
      readonly stream: string | null
      readonly seq: number | null
      readonly what: string
    }[]
  } | null
  readonly error: string | null
}

export interface VerificationPage {
  readonly verifications: readonly VerificationJob[]
  readonly checkpoints: readonly {
    readonly name: string
    readonly kept_at: string | null
    readonly trouble: string | null
  }[]
}
