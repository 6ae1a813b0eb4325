import { concerns, type Clock, type Identity, type Revocations } from '@sluice/core'

/** Of an answer that goes on for long: aborts once the token of whoever reads it is good no more. */
export interface WhileGood extends Disposable {
  readonly signal: AbortSignal
  /** Why it is good no more; `undefined`: it is. */
  readonly over: 'expired' | 'revoked' | undefined
}

export interface WhileGoodPorts {
  readonly revocations: Pick<Revocations, 'of' | 'onChange'>
  readonly clock: Pick<Clock, 'now' | 'after'>
}

export function whileGood(identity: Identity, { revocations, clock }: WhileGoodPorts): WhileGood {
  const ending = new AbortController()
  let over: WhileGood['over']
  const end = (why: 'expired' | 'revoked'): void => {
    over ??= why
    ending.abort()
  }
  const parts = new DisposableStack()
  parts.use(
    revocations.onChange((revocation) => {
      if (concerns(revocation, identity)) end('revoked')
    }),
  )
  parts.use(clock.after(Math.max(0, identity.expiresAt - clock.now()), () => end('expired')))
  // It may have come between the look at the token and this.
  if (revocations.of(identity) !== undefined) end('revoked')
  return {
    signal: ending.signal,
    get over() {
      return over
    },
    [Symbol.dispose]: () => parts.dispose(),
  }
}
