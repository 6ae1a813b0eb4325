/** What comes back of a running command, and how it ended. */
export type Reply =
  | { readonly kind: 'stdout' | 'stderr'; readonly bytes: Buffer }
  | { readonly kind: 'exit'; readonly status: number }
  /** `name` without SIG. */
  | { readonly kind: 'signal'; readonly name: string; readonly core: boolean; readonly message: string }
  /** The target closed the channel and said nothing of an end. */
  | { readonly kind: 'closed' }
