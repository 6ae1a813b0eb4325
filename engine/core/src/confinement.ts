import { refusal, type Refusal } from './errors.ts'
import { isWithin, networksOf } from './networks.ts'
import type { Confinement } from './request.ts'

/** Where a proof is shown: at which target, from which network address. */
export interface Place {
  readonly target: string
  readonly ip: string
}

/** Why what was shown is not good there; `undefined`: it is. Names are compared whole, as they are written. Pure. */
export function notGoodAt(
  confined: Confinement | null | undefined,
  { target, ip }: Place,
): Refusal | undefined {
  if (confined?.targets?.includes(target) === false) return otherTarget
  return notGoodFrom(confined, ip)
}

/** The same of the address alone. */
export function notGoodFrom(confined: Confinement | null | undefined, ip: string): Refusal | undefined {
  const networks = confined?.networks ?? null
  return networks === null || isWithin(networksOf(networks), ip) ? undefined : elsewhere
}

const otherTarget = refusal(
  'token_refused',
  'identity/target',
  'What you showed is not good for this target: get another one for it.',
)
const elsewhere = refusal(
  'token_refused',
  'identity/address',
  'What you showed is not good from the address that you call from: get another one there.',
)
