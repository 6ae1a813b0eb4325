import { concerns, type Identity, type Revocations } from '@sluice/core'

/** Of an answer that goes on for long: aborts once the token of whoever reads it was revoked. */
export interface UntilRevoked extends Disposable {
  readonly signal: AbortSignal
}

export function untilRevoked(
  identity: Identity,
  revocations: Pick<Revocations, 'of' | 'onChange'>,
): UntilRevoked {
  const revoked = new AbortController()
  const listening = revocations.onChange((revocation) => {
    if (concerns(revocation, identity)) revoked.abort()
  })
  // It may have come between the look at the token and this.
  if (revocations.of(identity) !== undefined) revoked.abort()
  return { signal: revoked.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() }
}
