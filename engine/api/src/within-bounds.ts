import { refusal, Refused, type Identity } from '@sluice/core'

/** What a proof that is made from a token is to be good for: targets, and networks. */
export interface Bounds {
  readonly targets?: readonly string[] | undefined
  readonly from?: readonly string[] | undefined
}

/** What is asked for, within what the token is good for: nobody comes by more with it. Throws `Refused`. */
export function withinBounds({ targets, from }: Bounds, { confined }: Identity): Bounds {
  if (confined === undefined) return { targets, from }
  const beyond = targets?.some((name) => confined.targets?.includes(name) === false) === true
  const another = from !== undefined && confined.networks !== undefined
  // Of tokens that is not so, and it could not be handed on.
  const narrower = confined.command !== null || confined.permits !== null
  if (beyond || another || narrower)
    throw new Refused(refusal('denied', 'api/bound', 'The token is bound to less than that.'))
  return { targets: targets ?? confined.targets ?? undefined, from: from ?? confined.networks }
}
