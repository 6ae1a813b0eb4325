/**
 * Cookies of this gateway's console. Browsers do not tell ports apart, so they come along to its other listeners as well:
 * they are for no target to see or to set.
 */
export const gatewayCookie = 'sluice-'

/** `__Host-`, as browsers take it: in either case. A name that is none stands for its value in some browsers. */
export function isGatewayCookie(pair: string): boolean {
  return /^\s*=?\s*(?:__host-|__secure-)?sluice-/i.test(pair)
}
