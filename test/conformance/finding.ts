/** What came of one statement of the corpus. */
export type Outcome =
  | { readonly kind: 'equal'; readonly failed: boolean }
  /** The gateway says the server's own error in its place. */
  | { readonly kind: 'same_error' }
  /** `fails`: what the server says to it, where it does not accept it either. */
  | {
      readonly kind: 'refused'
      readonly rule: string
      readonly reason: string
      readonly fails: string | null
    }
  /** Refused, and not run on the server either: it would change what the gateway takes for granted. */
  | { readonly kind: 'skipped'; readonly rule: string; readonly reason: string }
  /** The server itself answers it in two ways. */
  | { readonly kind: 'unstable' }
  | { readonly kind: 'differs'; readonly how: string }

export interface Result {
  readonly outcome: Outcome
  /** Where what the gateway made of it is not what the server did. */
  readonly misread: readonly string[]
  /** The relations that it names were compared with those of the server's own analysis. */
  readonly planned: boolean
}

export interface Finding extends Result {
  /** Name of the test in the schedule. */
  readonly test: string
  readonly statement: string
}
