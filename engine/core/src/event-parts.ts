/** What several events have in common, and what takes many words to say. */

export interface SubjectRecord {
  readonly id: string
  readonly type: string
  readonly issuer: string
  readonly groups: readonly string[]
  readonly on_behalf_of: string | null
}

export interface MaskCount {
  /** `schema.name.column` */
  readonly column: string
  readonly method: string
  readonly values: number
}

/** What one person says about an approval. */
export interface VoteRecord {
  readonly approval: string
  readonly voter: SubjectRecord
  /** Subject ids of everybody who stands behind the voter. */
  readonly people: readonly string[]
  readonly token_id: string
  readonly reason: string
}

/** What one person says about access that is asked for. */
export interface GrantVoteRecord {
  readonly grant: string
  readonly by: SubjectRecord
  readonly people: readonly string[]
  readonly token_id: string
  readonly reason: string
}

/** How far one incarnation went in one partition of the log. */
export interface HeadRecord {
  readonly topic: string
  readonly partition: number
  /** Of this incarnation in that partition. */
  readonly events: number
  /** SHA-256 over the link before and the hash of the last event, hexadecimal. */
  readonly link: string
}

/** Requests that were denied, with those that followed one in its batch and were skipped, and not recorded one by one. */
export interface CountedDenials {
  readonly session: string
  /** A subject id. */
  readonly subject: string
  readonly target: string
  /** The reference that the caller of each was told. */
  readonly decision: string
  readonly requests: number
  /** Of these; the others were skipped. */
  readonly denied: number
  /** When the first and the last of them was judged. */
  readonly from_ms: number
  readonly until_ms: number
  /** By rule; what had no room is `other`. */
  readonly rules: readonly DenialCount[]
}

export interface DenialCount {
  readonly rule: string
  readonly denied: number
}

export interface RemovedSegments {
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

/** Callers of one gateway that were refused before they had a session, and not recorded one by one. What had no room is `other`. */
export interface RefusedLogins {
  readonly gateway: string
  readonly refused: number
  readonly from_ms: number
  readonly until_ms: number
  readonly addresses: readonly { readonly client_ip: string; readonly refused: number }[]
  readonly reasons: readonly { readonly reason: string; readonly refused: number }[]
}

/** Access that somebody asks for. */
export interface RequestedGrant {
  readonly grant: string
  readonly subject: SubjectRecord
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

/** A password that somebody got for their own identity, without it. */
export interface MintedPasswordRecord {
  /** Its id. */
  readonly password: string
  readonly subject: SubjectRecord
  readonly claims: string
  readonly token_id: string
  /** Fingerprints of the tokens that it was made from. */
  readonly made_from: readonly string[]
  readonly issued_ms: number
  readonly expires_ms: number
  readonly targets: readonly string[] | null
  readonly networks: readonly string[] | null
}

export interface RevokedToken {
  /** Its id. */
  readonly token: string
  /** It has expired by then. */
  readonly until_ms: number
  readonly by: string
  readonly reason: string
}

export interface RevokedSubject {
  readonly subject: string
  readonly issued_up_to_ms: number
  /** They all have expired by then. */
  readonly until_ms: number
  readonly by: string
  readonly reason: string
}
