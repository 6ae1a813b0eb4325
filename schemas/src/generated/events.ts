// Generated from events/*.avsc by generate.ts: run `npm run generate` after a change there.
import type { AvroRecord } from '../avro.ts'

export interface SubjectRecord {
  readonly id: string
  readonly type: string
  readonly issuer: string
  readonly groups: readonly string[]
  readonly on_behalf_of: string | null
}

export interface HeadRecord {
  readonly topic: string
  readonly partition: number
  /** Of this incarnation in that partition. */
  readonly events: number
  /** SHA-256 over the link before and the hash of the last event, hexadecimal. */
  readonly link: string
}

export interface DenialCount {
  readonly rule: string
  readonly denied: number
}

export interface AddressCount {
  readonly client_ip: string
  readonly refused: number
}

export interface ReasonCount {
  readonly reason: string
  readonly refused: number
}

export interface MaskCount {
  /** `schema.name.column` */
  readonly column: string
  readonly method: string
  readonly values: number
}

export interface Usage {
  /** The model that answered, by its own words. */
  readonly model: string | null
  readonly input_tokens: number
  readonly output_tokens: number
  /** Millionths of the currency of the price list; null when the list does not name the model. */
  readonly cost_micros: number | null
  /** The target did not say: counted from the texts. */
  readonly estimated: boolean
}

/** The data of each type of event. */
export interface EventData {
  /** What somebody did or tried at the API and no other event says. */
  readonly AdminActed: {
    readonly by: SubjectRecord
    readonly token_id: string
    /** A closed name, e.g. `policy.activate`. */
    readonly action: string
    readonly resource: string
    readonly outcome: 'done' | 'refused' | 'failed'
    /** As JSON. No secrets, no content of requests. */
    readonly details: string
  }
  /** An agent has shown the secret of its invitation. Of several the first in the order of the log counts. */
  readonly AgentEnrolled: {
    readonly agent: string
    readonly name: string
    /** SHA-256, hexadecimal, of the key that it made and keeps. */
    readonly public_key: string
    readonly client_ip: string
  }
  /** Somebody may enrol one agent under a name, once, with a secret that only they hold. */
  readonly AgentInvited: {
    /** The id that it will have. */
    readonly agent: string
    /** By which targets say `via`; several agents may have the same. */
    readonly name: string
    /** SHA-256 of the secret, hexadecimal. */
    readonly secret: string
    readonly expires_ms: number
    /** A subject id. */
    readonly by: string
  }
  /** An agent has a connection to the gateway that writes this. */
  readonly AgentJoined: {
    readonly agent: string
    readonly name: string
    readonly connection: string
    /** As it says. */
    readonly version: string
    readonly client_ip: string
    /** What it lets through, as it says. */
    readonly allows: readonly string[]
  }
  /** The connection is over. */
  readonly AgentLeft: {
    readonly agent: string
    readonly name: string
    readonly connection: string
    readonly reason: string
  }
  /** An agent or its invitation is good for nothing any more. */
  readonly AgentRemoved: {
    readonly agent: string
    readonly name: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** An allowing verdict that people must hear of at once, e.g. a broken glass; durable before the effect. */
  readonly AlarmRaised: {
    readonly session: string
    readonly exchange: string
    readonly decision: string
    /** Subject id. */
    readonly subject: string
    readonly target: string
    /** The rules that raised it. */
    readonly alarm: string
    /** The actions as JSON, without literals and parameters. */
    readonly actions: string
  }
  /** The request was withdrawn: its caller is gone, or somebody called it off. */
  readonly ApprovalCancelled: {
    readonly approval: string
    /** A subject id, or `gateway`. */
    readonly by: string
    readonly reason: string
  }
  /** An approved request is about to be performed. Of several the first in the order of the log counts. */
  readonly ApprovalConsumed: {
    readonly approval: string
    readonly session: string
    readonly exchange: string
    /** The decision that this releases. */
    readonly decision: string
  }
  /** Nobody can use the approval any more: its time is over, or the gateway that asked for it restarted. */
  readonly ApprovalExpired: { readonly approval: string; readonly reason: 'time' | 'gateway' }
  /** One eligible person agrees. */
  readonly ApprovalGranted: {
    readonly approval: string
    readonly voter: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly token_id: string
    readonly reason: string
  }
  /** One eligible person refuses, which ends the approval. */
  readonly ApprovalRejected: {
    readonly approval: string
    readonly voter: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly token_id: string
    readonly reason: string
  }
  /** A held request asks people. What an approver is shown, the statement and its parameters, is the sealed content. */
  readonly ApprovalRequested: {
    readonly approval: string
    readonly session: string
    readonly exchange: string
    readonly target: string
    readonly subject: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    /** The run that the caller claims; an approval for a run is for this one. */
    readonly run: string | null
    /** SHA-256, hexadecimal, of everything that the approval is bound to. */
    readonly binding: string
    readonly rule: string
    readonly message: string
    /** The actions as JSON, without literals and parameters. */
    readonly summary: string
    /** Bytes of the sealed content. */
    readonly shown_bytes: number
    /** Groups whose members may vote. */
    readonly approvers: readonly string[]
    /** How many distinct people must approve. */
    readonly quorum: number
    /** What one approval releases: one execution, the same request within one run, or the same request until it expires. */
    readonly scope: 'once' | 'run' | 'window'
    /** It ends then, approved or not. */
    readonly expires_ms: number
  }
  /** A caller was refused before it had a session: its login, or words in the place of one that cannot be read. `target` is empty where nobody can say. */
  readonly AuthenticationFailed: {
    readonly protocol: string
    readonly target: string
    readonly client_ip: string
    readonly code: string
    readonly reason: string
  }
  /** How far the chains of an incarnation went. Signed, and kept apart from the events, so that a missing end is seen. */
  readonly CheckpointSigned: {
    readonly writer: string
    readonly epoch: number
    /** From 0 in each incarnation. */
    readonly number: number
    /** The last one: nothing follows. */
    readonly closed: boolean
    readonly heads: readonly HeadRecord[]
  }
  /** The verdict on a request; durable before its effect. */
  readonly DecisionMade: {
    readonly session: string
    readonly exchange: string
    readonly decision: string
    readonly effect: 'allow' | 'deny' | 'hold'
    /** The verdicts as JSON, one per action. */
    readonly verdicts: string
    readonly rule: string
    readonly revision: string
    /** The part of the policy input that no other event holds: time, facts, approvals and grants. */
    readonly now_ms: number
    readonly facts: string
    /** The approvals by which it was judged, as JSON. */
    readonly approvals: string
    /** The grants of the subject by which it was judged, as JSON. */
    readonly grants: string
  }
  /** Requests that were denied, or skipped behind one that was, and not recorded one by one: its subject had so many that only their number is kept. Nothing of them was performed. */
  readonly DenialsCounted: {
    readonly session: string
    /** A subject id. */
    readonly subject: string
    readonly target: string
    /** The reference that the caller of each was told. */
    readonly decision: string
    readonly requests: number
    /** Of these; the others were skipped. */
    readonly denied: number
    /** When the first of them was judged. */
    readonly from_ms: number
    /** When the last of them was judged. */
    readonly until_ms: number
    /** How many each rule denied; what had no room is `other`. */
    readonly rules: readonly DenialCount[]
  }
  /** A recorded request that had no effect, or whose effect nobody waited for. */
  readonly ExchangeAbandoned: { readonly session: string; readonly exchange: string; readonly reason: string }
  /** An incarnation of a gateway begins to write to a log that others write as well. */
  readonly GatewayJoined: {
    readonly writer: string
    readonly epoch: number
    /** Of its signatures, hexadecimal; all gateways of a log have the same. */
    readonly public_key: string
  }
  /** An incarnation ended as it should: nothing of it is left open. */
  readonly GatewayLeft: { readonly writer: string; readonly epoch: number }
  /** An incarnation of a gateway ended without closing: the outcome of what it was doing is unknown. */
  readonly GatewayLost: {
    readonly writer: string
    readonly epoch: number
    /** How often whoever says so knew it to have resumed; one that has resumed more often is not lost. */
    readonly resumes: number
  }
  /** An incarnation that could not reach the log for longer than its lease goes on, unless it was declared lost before this. */
  readonly GatewayResumed: { readonly writer: string; readonly epoch: number }
  /** An eligible person gives what was asked for. */
  readonly GrantGiven: {
    readonly grant: string
    readonly by: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly token_id: string
    readonly reason: string
    /** It is valid until then and not any longer. */
    readonly expires_ms: number
  }
  /** An eligible person refuses what was asked for. */
  readonly GrantRejected: {
    readonly grant: string
    readonly by: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly token_id: string
    readonly reason: string
  }
  /** Somebody asks for access for a while. */
  readonly GrantRequested: {
    readonly grant: string
    readonly subject: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly target: string
    /** What is asked for, as policies know it. */
    readonly role: string
    /** For how long, from when it is given. */
    readonly life_ms: number
    readonly reason: string
    /** Groups one of whose members may give it. */
    readonly approvers: readonly string[]
    /** Nobody may give it from then on. */
    readonly expires_ms: number
  }
  /** Access that was given ends before its time, or its request is taken back. */
  readonly GrantRevoked: { readonly grant: string; readonly by: string; readonly reason: string }
  /** Content was made unreadable for good; the events stay, and their chains. */
  readonly KeyErased: {
    /** Ids of the data keys. */
    readonly keys: readonly number[]
    /** What was to be erased, e.g. `subject=…`. */
    readonly selector: string
    /** A subject id, or `retention`. */
    readonly by: string
    readonly reason: string
    /** Legal holds of which who erases knew that they were placed; where more stand before it, it erases nothing. */
    readonly holds: number
  }
  /** What is recorded of the sessions that it selects must stay. */
  readonly LegalHoldPlaced: {
    readonly hold: string
    /** `session=…`, `subject=…` or `label=name=value`. */
    readonly selector: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** A legal hold ends. */
  readonly LegalHoldReleased: {
    readonly hold: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** Bytes of an unfinished, never acknowledged write were dropped when the log was opened. */
  readonly LogRecovered: { readonly segment: string; readonly dropped_bytes: number }
  /** What AuthenticationFailed tells, at one gateway, and is not recorded one by one: there were so many that only their number is kept. */
  readonly LoginsRefused: {
    readonly gateway: string
    readonly refused: number
    /** When the first of them was refused. */
    readonly from_ms: number
    /** When the last of them was refused. */
    readonly until_ms: number
    /** How many came from each address; what had no room is `other`. */
    readonly addresses: readonly AddressCount[]
    /** How many each reason refused; what had no room is `other`. */
    readonly reasons: readonly ReasonCount[]
  }
  /** Somebody got a password for their own identity. The password is nowhere in the log: gateways derive it from its id. */
  readonly PasswordMinted: {
    /** Its id, which is the user name that it goes with. */
    readonly password: string
    readonly subject: SubjectRecord
    /** Claims that policies can read, as JSON. */
    readonly claims: string
    /** Of the token by which it was asked for. */
    readonly token_id: string
    /** Fingerprints of the tokens that it was made from. */
    readonly made_from: readonly string[]
    /** When the issuer vouched for the subject. Milliseconds since 1970. */
    readonly issued_ms: number
    /** Milliseconds since 1970. */
    readonly expires_ms: number
    /** Those that it opens; null: all of them. */
    readonly targets: readonly string[] | null
    /** From where it is good; null: from anywhere. */
    readonly networks: readonly string[] | null
  }
  /** A policy bundle came into force. */
  readonly PolicyActivated: {
    readonly revision: string
    readonly compiler: string
    /** The sources and data as JSON {file: text}: what-if and replay need the bundle for ever. */
    readonly bundle: string
    readonly by: string
    readonly reason: string
  }
  /** A gateway of a log that others write too judges by this revision from now on, which the log had before. */
  readonly PolicyFollowed: { readonly revision: string }
  /** A changed policy folder did not compile; the policies before it stay in force. */
  readonly PolicyRejected: { readonly errors: string; readonly by: string }
  /** What a caller saw, or streamed, while the exchange goes on: the sealed content. */
  readonly RecordingChunk: {
    readonly session: string
    /** The session itself: what the caller heard that no request asked for, whole messages in each chunk. */
    readonly exchange: string
    readonly direction: 'request' | 'response'
    readonly index: number
    readonly bytes: number
  }
  /** A request as it was judged. Its bytes are the sealed content. */
  readonly RequestReceived: {
    readonly session: string
    readonly exchange: string
    /** The actions as JSON, without literals and parameters. */
    readonly actions: string
    /** SHA-256 of the exact bytes in the sealed content. */
    readonly digest: string
    readonly bytes: number
  }
  /** The end of an answer. The sealed content is the last of what the caller saw. */
  readonly ResponseCompleted: {
    readonly session: string
    readonly exchange: string
    readonly outcome: 'completed' | 'failed' | 'cut' | 'skipped'
    /** The target's own status of a failure, e.g. SQLSTATE. */
    readonly status: string | null
    readonly rows: number
    readonly bytes: number
    readonly masked: readonly MaskCount[]
    /** RecordingChunk events that hold the answer before what is sealed here. */
    readonly chunks: number
    readonly micros: number
    /** What the target charges for; null when it charges for nothing that is counted. */
    readonly usage: Usage | null
  }
  /** The oldest segments of an embedded log were removed, but for their events of the control stream. */
  readonly SegmentsRemoved: {
    readonly first: number
    readonly last: number
    /** Events of the log that stood before its new beginning. */
    readonly events: number
    /** What the segment that follows carries as its link, hexadecimal. */
    readonly link: string
    /** SHA-256, hexadecimal, of the file with what is left of them. */
    readonly excerpt: string
    /** Events that are left of them. */
    readonly kept: number
    /** All of their events are older. */
    readonly until_ms: number
    /** As of KeyErased. */
    readonly holds: number
  }
  /** The last event of a session, but for the outcomes of what was still running. */
  readonly SessionClosed: {
    readonly session: string
    readonly reason: string
    readonly requests: number
    readonly denied: number
    readonly rows: number
    readonly bytes: number
  }
  /** A fresh token of the same subject: later exchanges are judged with it. */
  readonly SessionExtended: {
    readonly session: string
    readonly subject: SubjectRecord
    /** Claims that policies could read, as JSON. */
    readonly claims: string
    readonly token_id: string
    /** Milliseconds since 1970. */
    readonly token_expires_ms: number
  }
  /** Somebody ended a session at once, with what was running in it. */
  readonly SessionKilled: { readonly session: string; readonly by: string; readonly reason: string }
  /** A caller authenticated and got a session on a target. */
  readonly SessionOpened: {
    readonly session: string
    readonly gateway: string
    readonly target: string
    readonly protocol: string
    readonly subject: SubjectRecord
    /** Claims that policies could read, as JSON. */
    readonly claims: string
    /** The target's labels as JSON. */
    readonly labels: string
    readonly token_id: string
    /** Milliseconds since 1970. */
    readonly token_expires_ms: number
    readonly client_ip: string
    /** What the client calls itself; unverified. */
    readonly application: string | null
  }
  /** No token of a subject, or of who acts for it, that was issued up to a time speaks for it any more. */
  readonly SubjectRevoked: {
    readonly subject: string
    /** Milliseconds since 1970. */
    readonly issued_up_to_ms: number
    /** They all have expired by then. Milliseconds since 1970. */
    readonly until_ms: number
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** A backend that sessions may reach, as declared. Never its credential. */
  readonly TargetRegistered: {
    readonly name: string
    readonly protocol: string
    readonly address: string
    /** As JSON. */
    readonly labels: string
    /** As JSON. */
    readonly settings: string
    /** `file`, or the subject who added it for all gateways of the log. */
    readonly by: string
    /** As JSON, what a file would say of one that somebody added: its credential is a reference. Null for those of files. */
    readonly entry: string | null
  }
  /** A backend that is declared no longer. */
  readonly TargetRemoved: { readonly name: string; readonly by: string }
  /** One token, and what was made from it, speaks for nobody any more. */
  readonly TokenRevoked: {
    /** Its id. */
    readonly token: string
    /** It has expired by then. Milliseconds since 1970. */
    readonly until_ms: number
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** From now on the brokers remove what is older from a topic of the log. */
  readonly TopicRetentionSet: {
    /** `audit` or `bodies`. */
    readonly topic: string
    /** -1: nothing is removed. */
    readonly retention_ms: number
  }
}

/** One event as it is stored. `hash` is SHA-256 over the Avro encoding of the fields before it, `id` to `prev_hash`, with `sealed` as ciphertext. */
export interface Envelope {
  readonly id: string
  /** A session, `control`, or `gateway/<writer>`. */
  readonly stream: string
  /** From 0 in each stream of each incarnation; the order, where `time` is only a clock. */
  readonly seq: number
  /** The gateway. */
  readonly writer: string
  /** The gateway's incarnation: one more at each start. */
  readonly epoch: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly trace_id: string | null
  readonly run_id: string | null
  /** Which schema `data` follows. */
  readonly type: string
  /** The version of that schema. */
  readonly schema: number
  /** The fields of the event, encoded with that schema. */
  readonly data: Uint8Array
  /** Content, encrypted under a data key of the stream. */
  readonly sealed: Uint8Array | null
  /** The `hash` of the event before in the same stream and incarnation; zeros for the first. */
  readonly prev_hash: Uint8Array
  readonly hash: Uint8Array
  /** Ed25519 over `hash` with the gateway's key; in the control stream only. */
  readonly sig: Uint8Array | null
}

export const envelopeSchema: AvroRecord = {
  type: 'record',
  name: 'Envelope',
  namespace: 'sluice.events',
  doc: 'One event as it is stored. `hash` is SHA-256 over the Avro encoding of the fields before it, `id` to `prev_hash`, with `sealed` as ciphertext.',
  version: 1,
  fields: [
    { name: 'id', type: 'string' },
    { name: 'stream', type: 'string', doc: 'A session, `control`, or `gateway/<writer>`.' },
    {
      name: 'seq',
      type: 'long',
      doc: 'From 0 in each stream of each incarnation; the order, where `time` is only a clock.',
    },
    { name: 'writer', type: 'string', doc: 'The gateway.' },
    { name: 'epoch', type: 'long', doc: "The gateway's incarnation: one more at each start." },
    { name: 'time', type: 'long', doc: 'Milliseconds since 1970.' },
    { name: 'trace_id', type: ['null', 'string'] },
    { name: 'run_id', type: ['null', 'string'] },
    { name: 'type', type: 'string', doc: 'Which schema `data` follows.' },
    { name: 'schema', type: 'int', doc: 'The version of that schema.' },
    { name: 'data', type: 'bytes', doc: 'The fields of the event, encoded with that schema.' },
    { name: 'sealed', type: ['null', 'bytes'], doc: 'Content, encrypted under a data key of the stream.' },
    {
      name: 'prev_hash',
      type: { type: 'fixed', name: 'Sha256', size: 32 },
      doc: 'The `hash` of the event before in the same stream and incarnation; zeros for the first.',
    },
    { name: 'hash', type: 'Sha256' },
    {
      name: 'sig',
      type: ['null', 'bytes'],
      doc: "Ed25519 over `hash` with the gateway's key; in the control stream only.",
    },
  ],
}

export const eventSchemas: { readonly [T in keyof EventData]: AvroRecord & { readonly version: number } } = {
  AdminActed: {
    type: 'record',
    name: 'AdminActed',
    namespace: 'sluice.events',
    doc: 'What somebody did or tried at the API and no other event says.',
    version: 1,
    fields: [
      {
        name: 'by',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      { name: 'token_id', type: 'string' },
      { name: 'action', type: 'string', doc: 'A closed name, e.g. `policy.activate`.' },
      { name: 'resource', type: 'string' },
      {
        name: 'outcome',
        type: { type: 'enum', name: 'AdminOutcome', symbols: ['done', 'refused', 'failed'] },
      },
      { name: 'details', type: 'string', doc: 'As JSON. No secrets, no content of requests.' },
    ],
  },
  AgentEnrolled: {
    type: 'record',
    name: 'AgentEnrolled',
    namespace: 'sluice.events',
    doc: 'An agent has shown the secret of its invitation. Of several the first in the order of the log counts.',
    version: 1,
    fields: [
      { name: 'agent', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'public_key', type: 'string', doc: 'SHA-256, hexadecimal, of the key that it made and keeps.' },
      { name: 'client_ip', type: 'string' },
    ],
  },
  AgentInvited: {
    type: 'record',
    name: 'AgentInvited',
    namespace: 'sluice.events',
    doc: 'Somebody may enrol one agent under a name, once, with a secret that only they hold.',
    version: 1,
    fields: [
      { name: 'agent', type: 'string', doc: 'The id that it will have.' },
      { name: 'name', type: 'string', doc: 'By which targets say `via`; several agents may have the same.' },
      { name: 'secret', type: 'string', doc: 'SHA-256 of the secret, hexadecimal.' },
      { name: 'expires_ms', type: 'long' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
    ],
  },
  AgentJoined: {
    type: 'record',
    name: 'AgentJoined',
    namespace: 'sluice.events',
    doc: 'An agent has a connection to the gateway that writes this.',
    version: 1,
    fields: [
      { name: 'agent', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'connection', type: 'string' },
      { name: 'version', type: 'string', doc: 'As it says.' },
      { name: 'client_ip', type: 'string' },
      { name: 'allows', type: { type: 'array', items: 'string' }, doc: 'What it lets through, as it says.' },
    ],
  },
  AgentLeft: {
    type: 'record',
    name: 'AgentLeft',
    namespace: 'sluice.events',
    doc: 'The connection is over.',
    version: 1,
    fields: [
      { name: 'agent', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'connection', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  AgentRemoved: {
    type: 'record',
    name: 'AgentRemoved',
    namespace: 'sluice.events',
    doc: 'An agent or its invitation is good for nothing any more.',
    version: 1,
    fields: [
      { name: 'agent', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
      { name: 'reason', type: 'string' },
    ],
  },
  AlarmRaised: {
    type: 'record',
    name: 'AlarmRaised',
    namespace: 'sluice.events',
    doc: 'An allowing verdict that people must hear of at once, e.g. a broken glass; durable before the effect.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'decision', type: 'string' },
      { name: 'subject', type: 'string', doc: 'Subject id.' },
      { name: 'target', type: 'string' },
      { name: 'alarm', type: 'string', doc: 'The rules that raised it.' },
      { name: 'actions', type: 'string', doc: 'The actions as JSON, without literals and parameters.' },
    ],
  },
  ApprovalCancelled: {
    type: 'record',
    name: 'ApprovalCancelled',
    namespace: 'sluice.events',
    doc: 'The request was withdrawn: its caller is gone, or somebody called it off.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      { name: 'by', type: 'string', doc: 'A subject id, or `gateway`.' },
      { name: 'reason', type: 'string' },
    ],
  },
  ApprovalConsumed: {
    type: 'record',
    name: 'ApprovalConsumed',
    namespace: 'sluice.events',
    doc: 'An approved request is about to be performed. Of several the first in the order of the log counts.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'decision', type: 'string', doc: 'The decision that this releases.' },
    ],
  },
  ApprovalExpired: {
    type: 'record',
    name: 'ApprovalExpired',
    namespace: 'sluice.events',
    doc: 'Nobody can use the approval any more: its time is over, or the gateway that asked for it restarted.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      { name: 'reason', type: { type: 'enum', name: 'ApprovalExpiry', symbols: ['time', 'gateway'] } },
    ],
  },
  ApprovalGranted: {
    type: 'record',
    name: 'ApprovalGranted',
    namespace: 'sluice.events',
    doc: 'One eligible person agrees.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      {
        name: 'voter',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      { name: 'token_id', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  ApprovalRejected: {
    type: 'record',
    name: 'ApprovalRejected',
    namespace: 'sluice.events',
    doc: 'One eligible person refuses, which ends the approval.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      {
        name: 'voter',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      { name: 'token_id', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  ApprovalRequested: {
    type: 'record',
    name: 'ApprovalRequested',
    namespace: 'sluice.events',
    doc: 'A held request asks people. What an approver is shown, the statement and its parameters, is the sealed content.',
    version: 1,
    fields: [
      { name: 'approval', type: 'string' },
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'target', type: 'string' },
      {
        name: 'subject',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      {
        name: 'run',
        type: ['null', 'string'],
        doc: 'The run that the caller claims; an approval for a run is for this one.',
      },
      {
        name: 'binding',
        type: 'string',
        doc: 'SHA-256, hexadecimal, of everything that the approval is bound to.',
      },
      { name: 'rule', type: 'string' },
      { name: 'message', type: 'string' },
      { name: 'summary', type: 'string', doc: 'The actions as JSON, without literals and parameters.' },
      { name: 'shown_bytes', type: 'long', doc: 'Bytes of the sealed content.' },
      { name: 'approvers', type: { type: 'array', items: 'string' }, doc: 'Groups whose members may vote.' },
      { name: 'quorum', type: 'long', doc: 'How many distinct people must approve.' },
      {
        name: 'scope',
        type: { type: 'enum', name: 'ApprovalScope', symbols: ['once', 'run', 'window'] },
        doc: 'What one approval releases: one execution, the same request within one run, or the same request until it expires.',
      },
      { name: 'expires_ms', type: 'long', doc: 'It ends then, approved or not.' },
    ],
  },
  AuthenticationFailed: {
    type: 'record',
    name: 'AuthenticationFailed',
    namespace: 'sluice.events',
    doc: 'A caller was refused before it had a session: its login, or words in the place of one that cannot be read. `target` is empty where nobody can say.',
    version: 1,
    fields: [
      { name: 'protocol', type: 'string' },
      { name: 'target', type: 'string' },
      { name: 'client_ip', type: 'string' },
      { name: 'code', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  CheckpointSigned: {
    type: 'record',
    name: 'CheckpointSigned',
    namespace: 'sluice.events',
    doc: 'How far the chains of an incarnation went. Signed, and kept apart from the events, so that a missing end is seen.',
    version: 1,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
      { name: 'number', type: 'long', doc: 'From 0 in each incarnation.' },
      { name: 'closed', type: 'boolean', doc: 'The last one: nothing follows.' },
      {
        name: 'heads',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'HeadRecord',
            fields: [
              { name: 'topic', type: 'string' },
              { name: 'partition', type: 'int' },
              { name: 'events', type: 'long', doc: 'Of this incarnation in that partition.' },
              {
                name: 'link',
                type: 'string',
                doc: 'SHA-256 over the link before and the hash of the last event, hexadecimal.',
              },
            ],
          },
        },
      },
    ],
  },
  DecisionMade: {
    type: 'record',
    name: 'DecisionMade',
    namespace: 'sluice.events',
    doc: 'The verdict on a request; durable before its effect.',
    version: 2,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'decision', type: 'string' },
      { name: 'effect', type: { type: 'enum', name: 'Effect', symbols: ['allow', 'deny', 'hold'] } },
      { name: 'verdicts', type: 'string', doc: 'The verdicts as JSON, one per action.' },
      { name: 'rule', type: 'string' },
      { name: 'revision', type: 'string' },
      {
        name: 'now_ms',
        type: 'long',
        doc: 'The part of the policy input that no other event holds: time, facts, approvals and grants.',
      },
      { name: 'facts', type: 'string' },
      {
        name: 'approvals',
        type: 'string',
        default: '[]',
        doc: 'The approvals by which it was judged, as JSON.',
      },
      {
        name: 'grants',
        type: 'string',
        default: '[]',
        doc: 'The grants of the subject by which it was judged, as JSON.',
      },
    ],
  },
  DenialsCounted: {
    type: 'record',
    name: 'DenialsCounted',
    namespace: 'sluice.events',
    doc: 'Requests that were denied, or skipped behind one that was, and not recorded one by one: its subject had so many that only their number is kept. Nothing of them was performed.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'subject', type: 'string', doc: 'A subject id.' },
      { name: 'target', type: 'string' },
      { name: 'decision', type: 'string', doc: 'The reference that the caller of each was told.' },
      { name: 'requests', type: 'long' },
      { name: 'denied', type: 'long', doc: 'Of these; the others were skipped.' },
      { name: 'from_ms', type: 'long', doc: 'When the first of them was judged.' },
      { name: 'until_ms', type: 'long', doc: 'When the last of them was judged.' },
      {
        name: 'rules',
        doc: 'How many each rule denied; what had no room is `other`.',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'DenialCount',
            fields: [
              { name: 'rule', type: 'string' },
              { name: 'denied', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  ExchangeAbandoned: {
    type: 'record',
    name: 'ExchangeAbandoned',
    namespace: 'sluice.events',
    doc: 'A recorded request that had no effect, or whose effect nobody waited for.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  GatewayJoined: {
    type: 'record',
    name: 'GatewayJoined',
    namespace: 'sluice.events',
    doc: 'An incarnation of a gateway begins to write to a log that others write as well.',
    version: 1,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
      {
        name: 'public_key',
        type: 'string',
        doc: 'Of its signatures, hexadecimal; all gateways of a log have the same.',
      },
    ],
  },
  GatewayLeft: {
    type: 'record',
    name: 'GatewayLeft',
    namespace: 'sluice.events',
    doc: 'An incarnation ended as it should: nothing of it is left open.',
    version: 1,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
    ],
  },
  GatewayLost: {
    type: 'record',
    name: 'GatewayLost',
    namespace: 'sluice.events',
    doc: 'An incarnation of a gateway ended without closing: the outcome of what it was doing is unknown.',
    version: 2,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
      {
        name: 'resumes',
        type: 'long',
        doc: 'How often whoever says so knew it to have resumed; one that has resumed more often is not lost.',
        default: 0,
      },
    ],
  },
  GatewayResumed: {
    type: 'record',
    name: 'GatewayResumed',
    namespace: 'sluice.events',
    doc: 'An incarnation that could not reach the log for longer than its lease goes on, unless it was declared lost before this.',
    version: 1,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
    ],
  },
  GrantGiven: {
    type: 'record',
    name: 'GrantGiven',
    namespace: 'sluice.events',
    doc: 'An eligible person gives what was asked for.',
    version: 1,
    fields: [
      { name: 'grant', type: 'string' },
      {
        name: 'by',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      { name: 'token_id', type: 'string' },
      { name: 'reason', type: 'string' },
      { name: 'expires_ms', type: 'long', doc: 'It is valid until then and not any longer.' },
    ],
  },
  GrantRejected: {
    type: 'record',
    name: 'GrantRejected',
    namespace: 'sluice.events',
    doc: 'An eligible person refuses what was asked for.',
    version: 1,
    fields: [
      { name: 'grant', type: 'string' },
      {
        name: 'by',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      { name: 'token_id', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  GrantRequested: {
    type: 'record',
    name: 'GrantRequested',
    namespace: 'sluice.events',
    doc: 'Somebody asks for access for a while.',
    version: 1,
    fields: [
      { name: 'grant', type: 'string' },
      {
        name: 'subject',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      {
        name: 'people',
        type: { type: 'array', items: 'string' },
        doc: 'Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted.',
      },
      { name: 'target', type: 'string' },
      { name: 'role', type: 'string', doc: 'What is asked for, as policies know it.' },
      { name: 'life_ms', type: 'long', doc: 'For how long, from when it is given.' },
      { name: 'reason', type: 'string' },
      {
        name: 'approvers',
        type: { type: 'array', items: 'string' },
        doc: 'Groups one of whose members may give it.',
      },
      { name: 'expires_ms', type: 'long', doc: 'Nobody may give it from then on.' },
    ],
  },
  GrantRevoked: {
    type: 'record',
    name: 'GrantRevoked',
    namespace: 'sluice.events',
    doc: 'Access that was given ends before its time, or its request is taken back.',
    version: 1,
    fields: [
      { name: 'grant', type: 'string' },
      { name: 'by', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  KeyErased: {
    type: 'record',
    name: 'KeyErased',
    namespace: 'sluice.events',
    doc: 'Content was made unreadable for good; the events stay, and their chains.',
    version: 2,
    fields: [
      { name: 'keys', type: { type: 'array', items: 'long' }, doc: 'Ids of the data keys.' },
      { name: 'selector', type: 'string', doc: 'What was to be erased, e.g. `subject=…`.' },
      { name: 'by', type: 'string', doc: 'A subject id, or `retention`.' },
      { name: 'reason', type: 'string' },
      {
        name: 'holds',
        type: 'long',
        doc: 'Legal holds of which who erases knew that they were placed; where more stand before it, it erases nothing.',
        default: 0,
      },
    ],
  },
  LegalHoldPlaced: {
    type: 'record',
    name: 'LegalHoldPlaced',
    namespace: 'sluice.events',
    doc: 'What is recorded of the sessions that it selects must stay.',
    version: 1,
    fields: [
      { name: 'hold', type: 'string' },
      { name: 'selector', type: 'string', doc: '`session=…`, `subject=…` or `label=name=value`.' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
      { name: 'reason', type: 'string' },
    ],
  },
  LegalHoldReleased: {
    type: 'record',
    name: 'LegalHoldReleased',
    namespace: 'sluice.events',
    doc: 'A legal hold ends.',
    version: 1,
    fields: [
      { name: 'hold', type: 'string' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
      { name: 'reason', type: 'string' },
    ],
  },
  LogRecovered: {
    type: 'record',
    name: 'LogRecovered',
    namespace: 'sluice.events',
    doc: 'Bytes of an unfinished, never acknowledged write were dropped when the log was opened.',
    version: 1,
    fields: [
      { name: 'segment', type: 'string' },
      { name: 'dropped_bytes', type: 'long' },
    ],
  },
  LoginsRefused: {
    type: 'record',
    name: 'LoginsRefused',
    namespace: 'sluice.events',
    doc: 'What AuthenticationFailed tells, at one gateway, and is not recorded one by one: there were so many that only their number is kept.',
    version: 1,
    fields: [
      { name: 'gateway', type: 'string' },
      { name: 'refused', type: 'long' },
      { name: 'from_ms', type: 'long', doc: 'When the first of them was refused.' },
      { name: 'until_ms', type: 'long', doc: 'When the last of them was refused.' },
      {
        name: 'addresses',
        doc: 'How many came from each address; what had no room is `other`.',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'AddressCount',
            fields: [
              { name: 'client_ip', type: 'string' },
              { name: 'refused', type: 'long' },
            ],
          },
        },
      },
      {
        name: 'reasons',
        doc: 'How many each reason refused; what had no room is `other`.',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'ReasonCount',
            fields: [
              { name: 'reason', type: 'string' },
              { name: 'refused', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  PasswordMinted: {
    type: 'record',
    name: 'PasswordMinted',
    namespace: 'sluice.events',
    doc: 'Somebody got a password for their own identity. The password is nowhere in the log: gateways derive it from its id.',
    version: 1,
    fields: [
      { name: 'password', type: 'string', doc: 'Its id, which is the user name that it goes with.' },
      {
        name: 'subject',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      { name: 'claims', type: 'string', doc: 'Claims that policies can read, as JSON.' },
      { name: 'token_id', type: 'string', doc: 'Of the token by which it was asked for.' },
      {
        name: 'made_from',
        type: { type: 'array', items: 'string' },
        doc: 'Fingerprints of the tokens that it was made from.',
      },
      {
        name: 'issued_ms',
        type: 'long',
        doc: 'When the issuer vouched for the subject. Milliseconds since 1970.',
      },
      { name: 'expires_ms', type: 'long', doc: 'Milliseconds since 1970.' },
      {
        name: 'targets',
        type: ['null', { type: 'array', items: 'string' }],
        doc: 'Those that it opens; null: all of them.',
      },
      {
        name: 'networks',
        type: ['null', { type: 'array', items: 'string' }],
        doc: 'From where it is good; null: from anywhere.',
      },
    ],
  },
  PolicyActivated: {
    type: 'record',
    name: 'PolicyActivated',
    namespace: 'sluice.events',
    doc: 'A policy bundle came into force.',
    version: 1,
    fields: [
      { name: 'revision', type: 'string' },
      { name: 'compiler', type: 'string' },
      {
        name: 'bundle',
        type: 'string',
        doc: 'The sources and data as JSON {file: text}: what-if and replay need the bundle for ever.',
      },
      { name: 'by', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  PolicyFollowed: {
    type: 'record',
    name: 'PolicyFollowed',
    namespace: 'sluice.events',
    doc: 'A gateway of a log that others write too judges by this revision from now on, which the log had before.',
    version: 1,
    fields: [{ name: 'revision', type: 'string' }],
  },
  PolicyRejected: {
    type: 'record',
    name: 'PolicyRejected',
    namespace: 'sluice.events',
    doc: 'A changed policy folder did not compile; the policies before it stay in force.',
    version: 1,
    fields: [
      { name: 'errors', type: 'string' },
      { name: 'by', type: 'string' },
    ],
  },
  RecordingChunk: {
    type: 'record',
    name: 'RecordingChunk',
    namespace: 'sluice.events',
    doc: 'What a caller saw, or streamed, while the exchange goes on: the sealed content.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      {
        name: 'exchange',
        type: 'string',
        doc: 'The session itself: what the caller heard that no request asked for, whole messages in each chunk.',
      },
      { name: 'direction', type: { type: 'enum', name: 'Direction', symbols: ['request', 'response'] } },
      { name: 'index', type: 'long' },
      { name: 'bytes', type: 'long' },
    ],
  },
  RequestReceived: {
    type: 'record',
    name: 'RequestReceived',
    namespace: 'sluice.events',
    doc: 'A request as it was judged. Its bytes are the sealed content.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'actions', type: 'string', doc: 'The actions as JSON, without literals and parameters.' },
      { name: 'digest', type: 'string', doc: 'SHA-256 of the exact bytes in the sealed content.' },
      { name: 'bytes', type: 'long' },
    ],
  },
  ResponseCompleted: {
    type: 'record',
    name: 'ResponseCompleted',
    namespace: 'sluice.events',
    doc: 'The end of an answer. The sealed content is the last of what the caller saw.',
    version: 2,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      {
        name: 'outcome',
        type: { type: 'enum', name: 'Outcome', symbols: ['completed', 'failed', 'cut', 'skipped'] },
      },
      {
        name: 'status',
        type: ['null', 'string'],
        doc: "The target's own status of a failure, e.g. SQLSTATE.",
      },
      { name: 'rows', type: 'long' },
      { name: 'bytes', type: 'long' },
      {
        name: 'masked',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'MaskCount',
            fields: [
              { name: 'column', type: 'string', doc: '`schema.name.column`' },
              { name: 'method', type: 'string' },
              { name: 'values', type: 'long' },
            ],
          },
        },
      },
      {
        name: 'chunks',
        type: 'long',
        doc: 'RecordingChunk events that hold the answer before what is sealed here.',
      },
      { name: 'micros', type: 'long' },
      {
        name: 'usage',
        type: [
          'null',
          {
            type: 'record',
            name: 'Usage',
            fields: [
              { name: 'model', type: ['null', 'string'], doc: 'The model that answered, by its own words.' },
              { name: 'input_tokens', type: 'long' },
              { name: 'output_tokens', type: 'long' },
              {
                name: 'cost_micros',
                type: ['null', 'long'],
                doc: 'Millionths of the currency of the price list; null when the list does not name the model.',
              },
              { name: 'estimated', type: 'boolean', doc: 'The target did not say: counted from the texts.' },
            ],
          },
        ],
        default: null,
        doc: 'What the target charges for; null when it charges for nothing that is counted.',
      },
    ],
  },
  SegmentsRemoved: {
    type: 'record',
    name: 'SegmentsRemoved',
    namespace: 'sluice.events',
    doc: 'The oldest segments of an embedded log were removed, but for their events of the control stream.',
    version: 1,
    fields: [
      { name: 'first', type: 'long' },
      { name: 'last', type: 'long' },
      { name: 'events', type: 'long', doc: 'Events of the log that stood before its new beginning.' },
      {
        name: 'link',
        type: 'string',
        doc: 'What the segment that follows carries as its link, hexadecimal.',
      },
      {
        name: 'excerpt',
        type: 'string',
        doc: 'SHA-256, hexadecimal, of the file with what is left of them.',
      },
      { name: 'kept', type: 'long', doc: 'Events that are left of them.' },
      { name: 'until_ms', type: 'long', doc: 'All of their events are older.' },
      { name: 'holds', type: 'long', doc: 'As of KeyErased.' },
    ],
  },
  SessionClosed: {
    type: 'record',
    name: 'SessionClosed',
    namespace: 'sluice.events',
    doc: 'The last event of a session, but for the outcomes of what was still running.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'reason', type: 'string' },
      { name: 'requests', type: 'long' },
      { name: 'denied', type: 'long' },
      { name: 'rows', type: 'long' },
      { name: 'bytes', type: 'long' },
    ],
  },
  SessionExtended: {
    type: 'record',
    name: 'SessionExtended',
    namespace: 'sluice.events',
    doc: 'A fresh token of the same subject: later exchanges are judged with it.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      {
        name: 'subject',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      { name: 'claims', type: 'string', doc: 'Claims that policies could read, as JSON.' },
      { name: 'token_id', type: 'string' },
      { name: 'token_expires_ms', type: 'long', doc: 'Milliseconds since 1970.' },
    ],
  },
  SessionKilled: {
    type: 'record',
    name: 'SessionKilled',
    namespace: 'sluice.events',
    doc: 'Somebody ended a session at once, with what was running in it.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'by', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  SessionOpened: {
    type: 'record',
    name: 'SessionOpened',
    namespace: 'sluice.events',
    doc: 'A caller authenticated and got a session on a target.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'gateway', type: 'string' },
      { name: 'target', type: 'string' },
      { name: 'protocol', type: 'string' },
      {
        name: 'subject',
        type: {
          type: 'record',
          name: 'SubjectRecord',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'issuer', type: 'string' },
            { name: 'groups', type: { type: 'array', items: 'string' } },
            { name: 'on_behalf_of', type: ['null', 'string'] },
          ],
        },
      },
      { name: 'claims', type: 'string', doc: 'Claims that policies could read, as JSON.' },
      { name: 'labels', type: 'string', doc: "The target's labels as JSON." },
      { name: 'token_id', type: 'string' },
      { name: 'token_expires_ms', type: 'long', doc: 'Milliseconds since 1970.' },
      { name: 'client_ip', type: 'string' },
      { name: 'application', type: ['null', 'string'], doc: 'What the client calls itself; unverified.' },
    ],
  },
  SubjectRevoked: {
    type: 'record',
    name: 'SubjectRevoked',
    namespace: 'sluice.events',
    doc: 'No token of a subject, or of who acts for it, that was issued up to a time speaks for it any more.',
    version: 1,
    fields: [
      { name: 'subject', type: 'string' },
      { name: 'issued_up_to_ms', type: 'long', doc: 'Milliseconds since 1970.' },
      { name: 'until_ms', type: 'long', doc: 'They all have expired by then. Milliseconds since 1970.' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
      { name: 'reason', type: 'string' },
    ],
  },
  TargetRegistered: {
    type: 'record',
    name: 'TargetRegistered',
    namespace: 'sluice.events',
    doc: 'A backend that sessions may reach, as declared. Never its credential.',
    version: 2,
    fields: [
      { name: 'name', type: 'string' },
      { name: 'protocol', type: 'string' },
      { name: 'address', type: 'string' },
      { name: 'labels', type: 'string', doc: 'As JSON.' },
      { name: 'settings', type: 'string', doc: 'As JSON.' },
      { name: 'by', type: 'string', doc: '`file`, or the subject who added it for all gateways of the log.' },
      {
        name: 'entry',
        type: ['null', 'string'],
        default: null,
        doc: 'As JSON, what a file would say of one that somebody added: its credential is a reference. Null for those of files.',
      },
    ],
  },
  TargetRemoved: {
    type: 'record',
    name: 'TargetRemoved',
    namespace: 'sluice.events',
    doc: 'A backend that is declared no longer.',
    version: 1,
    fields: [
      { name: 'name', type: 'string' },
      { name: 'by', type: 'string' },
    ],
  },
  TokenRevoked: {
    type: 'record',
    name: 'TokenRevoked',
    namespace: 'sluice.events',
    doc: 'One token, and what was made from it, speaks for nobody any more.',
    version: 1,
    fields: [
      { name: 'token', type: 'string', doc: 'Its id.' },
      { name: 'until_ms', type: 'long', doc: 'It has expired by then. Milliseconds since 1970.' },
      { name: 'by', type: 'string', doc: 'A subject id.' },
      { name: 'reason', type: 'string' },
    ],
  },
  TopicRetentionSet: {
    type: 'record',
    name: 'TopicRetentionSet',
    namespace: 'sluice.events',
    doc: 'From now on the brokers remove what is older from a topic of the log.',
    version: 1,
    fields: [
      { name: 'topic', type: 'string', doc: '`audit` or `bodies`.' },
      { name: 'retention_ms', type: 'long', doc: '-1: nothing is removed.' },
    ],
  },
}

/** Schemas of earlier versions, by which events may still lie in the log. */
export const olderSchemas: readonly (AvroRecord & { readonly version: number })[] = [
  {
    type: 'record',
    name: 'DecisionMade',
    namespace: 'sluice.events',
    doc: 'The verdict on a request; durable before its effect.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      { name: 'decision', type: 'string' },
      { name: 'effect', type: { type: 'enum', name: 'Effect', symbols: ['allow', 'deny', 'hold'] } },
      { name: 'verdicts', type: 'string', doc: 'The verdicts as JSON, one per action.' },
      { name: 'rule', type: 'string' },
      { name: 'revision', type: 'string' },
      {
        name: 'now_ms',
        type: 'long',
        doc: 'The part of the policy input that no other event holds: time and facts.',
      },
      { name: 'facts', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'GatewayLost',
    namespace: 'sluice.events',
    doc: 'An incarnation of a gateway ended without closing: the outcome of what it was doing is unknown.',
    version: 1,
    fields: [
      { name: 'writer', type: 'string' },
      { name: 'epoch', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'KeyErased',
    namespace: 'sluice.events',
    doc: 'Content was made unreadable for good; the events stay, and their chains.',
    version: 1,
    fields: [
      { name: 'keys', type: { type: 'array', items: 'long' }, doc: 'Ids of the data keys.' },
      { name: 'selector', type: 'string', doc: 'What was to be erased, e.g. `subject=…`.' },
      { name: 'by', type: 'string', doc: 'A subject id, or `retention`.' },
      { name: 'reason', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'ResponseCompleted',
    namespace: 'sluice.events',
    doc: 'The end of an answer. The sealed content is the last of what the caller saw.',
    version: 1,
    fields: [
      { name: 'session', type: 'string' },
      { name: 'exchange', type: 'string' },
      {
        name: 'outcome',
        type: { type: 'enum', name: 'Outcome', symbols: ['completed', 'failed', 'cut', 'skipped'] },
      },
      {
        name: 'status',
        type: ['null', 'string'],
        doc: "The target's own status of a failure, e.g. SQLSTATE.",
      },
      { name: 'rows', type: 'long' },
      { name: 'bytes', type: 'long' },
      {
        name: 'masked',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'MaskCount',
            fields: [
              { name: 'column', type: 'string', doc: '`schema.name.column`' },
              { name: 'method', type: 'string' },
              { name: 'values', type: 'long' },
            ],
          },
        },
      },
      {
        name: 'chunks',
        type: 'long',
        doc: 'RecordingChunk events that hold the answer before what is sealed here.',
      },
      { name: 'micros', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'TargetRegistered',
    namespace: 'sluice.events',
    doc: 'A backend that sessions may reach, as declared. Never its credential.',
    version: 1,
    fields: [
      { name: 'name', type: 'string' },
      { name: 'protocol', type: 'string' },
      { name: 'address', type: 'string' },
      { name: 'labels', type: 'string', doc: 'As JSON.' },
      { name: 'settings', type: 'string', doc: 'As JSON.' },
      { name: 'by', type: 'string' },
    ],
  },
]
