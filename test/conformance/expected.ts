/** A statement that is answered otherwise through the gateway, and why that is right, or known and not right yet. */
export interface Expected {
  readonly test: string
  /** How the statement begins. */
  readonly statement: string
  readonly reason: string
}

/** Everything else that differs fails the run; so does, in a whole run, an entry that nothing needs any more. */
export const expected: readonly Expected[] = []
