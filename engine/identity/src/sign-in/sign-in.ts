/** One way to sign in, as people choose it. */
export interface SignInIssuer {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  /** What people call it. */
  readonly label: string
}

/** A sign-in under way. Only the browser that began it must have it: it holds what proves that. */
export interface Begun {
  readonly issuer: string
  readonly state: string
  /** RFC 7636. */
  readonly verifier: string
  /** OpenID: binds the ID token to this sign-in. */
  readonly nonce: string
}

/** Who signed in, as a gateway token says it; and what gets the next one, where the provider gives that. */
export interface SignedIn {
  readonly token: string
  /** Milliseconds since 1970. */
  readonly token_ends_ms: number
  readonly refresh: string | null
}

export type SignInProblem =
  /** The person, or the provider, said no. */
  | 'denied'
  /** It took too long, was used before, or was begun in another browser. */
  | 'expired'
  /** The provider does not answer. */
  | 'unreachable'
  /** The provider answers otherwise than it must, or with a token that is not good here. */
  | 'refused'

/** Why nobody is signed in. The message is for the operator and holds nothing of a code or token. */
export class SignInError extends Error {
  readonly problem: SignInProblem

  constructor(problem: SignInProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignInError'
    this.problem = problem
  }
}

/** One identity provider, as browsers sign in there. Each method rejects with `SignInError`. */
export interface SignInProvider extends SignInIssuer {
  /** Where the browser goes. `again`: the person is asked who they are even if the provider knows it. */
  begin(begun: Begun, redirect: string, again: boolean): Promise<string>
  /** `callback`: where the browser came back to, with everything that the provider says. */
  finish(begun: Begun, callback: URL): Promise<SignedIn>
  renew(refresh: string): Promise<SignedIn>
  /** The refresh token is worth nothing from then on, where the provider can do that. */
  revoke(refresh: string): Promise<void>
}
