import { get, Problem, send } from './api/client.ts'
import type { Issuer, Session } from './api/shapes.ts'
import { signedIn, signedOut } from './who.ts'

/** Asks the gateway who this is. Throws `Problem` when it does not answer. */
export async function lookWho(): Promise<void> {
  try {
    signedIn(await get<Session>('/console/session'))
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    signedOut()
  }
}

export async function signOut(): Promise<void> {
  try {
    await send('POST', '/console/logout', {})
  } finally {
    signedOut()
  }
}

export function issuers(signal: AbortSignal): Promise<readonly Issuer[]> {
  return get<readonly Issuer[]>('/console/issuers', {}, signal)
}

/** Where somebody signs in, and comes back to what they were looking at. */
export function signInPath(issuer: string): string {
  const back = location.pathname === '/sign-in' ? '/' : location.pathname + location.search + location.hash
  return `/console/sign-in?${new URLSearchParams({ issuer, return_to: back }).toString()}`
}
