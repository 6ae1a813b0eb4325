/** What comes back of what runs, and how it ended. */
export type Reply = Output | Ending | { readonly kind: 'eof' }

export interface Output {
  readonly kind: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

export type Ending =
  | { readonly kind: 'exit'; readonly status: number }
  /** `name` without SIG. */
  | { readonly kind: 'signal'; readonly name: string; readonly core: boolean; readonly message: string }
  /** The target closed the channel and said nothing of an end. */
  | { readonly kind: 'closed' }
