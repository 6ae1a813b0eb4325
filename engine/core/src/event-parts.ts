/** What several events have in common. */

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
