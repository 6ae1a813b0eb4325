import { Control, type ControlPorts } from './control.ts'
import { refusal, Refused } from './errors.ts'
import type { Because } from './legal-holds.ts'
import { limits } from './limits.ts'
import type { Authenticator } from './ports.ts'
import type { Identity } from './request.ts'
import { RevocationFold } from './revocation-fold.ts'
import {
  issuedUpTo,
  revokedRefusal,
  subjectForgottenAt,
  subjectRevocation,
  tokenForgottenAt,
  tokenRevocation,
  type Revocation,
} from './revocation.ts'

/**
 * Tokens that were revoked, folded from the control stream: what any gateway recorded counts at all of them. Commands
 * resolve once it is durable and counts here, and throw `Refused('log_unavailable')` when the log does not take or give
 * back their event.
 */
export interface Revocations {
  /** By its id. Throws `Refused('too_many')` as well. */
  revokeToken(token: string, because: Because): Promise<Revocation>
  /** Every token that was issued to it, or to whoever acts for it, up to now. */
  revokeSubject(subject: string, because: Because): Promise<Revocation>
  /** Why this identity counts no more; `undefined`: it does. Synchronous: ask in the turn in which it is let in. */
  of(identity: Identity): Revocation | undefined
  /** Those that may still concern a token, oldest first. */
  list(): readonly Revocation[]
  /** Called after each revocation, in the order of the log. Must not throw. */
  onChange(listener: (revocation: Revocation) => void): Disposable
  readonly healthy: boolean
  close(): Promise<void>
}

export async function openRevocations(ports: ControlPorts): Promise<Revocations> {
  const { clock } = ports
  const fold = new RevocationFold()
  const listeners = new Set<(revocation: Revocation) => void>()
  const control = new Control(ports, (event) => {
    const revocation = fold.apply(event, clock.now())
    if (revocation !== undefined) for (const listener of listeners) listener(revocation)
    return revocation !== undefined
  })
  await control.open()
  let sweep = clock.after(limits.revocationSweepMs, forget)

  function forget(): void {
    fold.forget(clock.now())
    sweep = clock.after(limits.revocationSweepMs, forget)
  }

  return {
    async revokeToken(token, because) {
      // Forgetting one before its time would let its token in again.
      if (
        fold.tokens >= limits.revokedTokensMax ||
        fold.tokensBy(because.by) >= limits.revokedTokensBySubjectMax
      )
        throw new Refused(tooMany)
      const now = clock.now()
      const data = { token, until_ms: tokenForgottenAt(token, now), ...because }
      await control.record({ type: 'TokenRevoked', data })
      return tokenRevocation(data, now)
    },
    async revokeSubject(subject, because) {
      const now = clock.now()
      const until = subjectForgottenAt(now)
      const data = { subject, issued_up_to_ms: issuedUpTo(now), until_ms: until, ...because }
      await control.record({ type: 'SubjectRevoked', data })
      return subjectRevocation(data, now)
    },
    of: (identity) => fold.of(identity),
    list: () => fold.all(),
    onChange: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    get healthy() {
      return control.healthy
    },
    async close() {
      sweep[Symbol.dispose]()
      await control.close()
    },
  }
}

/** An authenticator that knows nobody by a token that was revoked. */
export function unrevoked(authenticator: Authenticator, revocations: Pick<Revocations, 'of'>): Authenticator {
  return {
    authenticate: async (proof) => {
      const identity = await authenticator.authenticate(proof)
      refuseRevoked(identity, revocations)
      return identity
    },
  }
}

/** Throws `Refused`. */
export function refuseRevoked(identity: Identity, revocations: Pick<Revocations, 'of'> | undefined): void {
  const revocation = revocations?.of(identity)
  if (revocation !== undefined) throw new Refused(revokedRefusal(revocation))
}

const tooMany = refusal(
  'too_many',
  'sluice/revocations',
  'As many tokens are revoked one by one as are remembered. Revoke the subject, which counts for all of its tokens.',
)
