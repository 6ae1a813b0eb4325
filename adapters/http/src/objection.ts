import { refusal, Refused } from '@sluice/core'

/** Thrown for what can be read in more than one way, or in none. `status`: where HTTP has a better word than 400. */
export function malformed(about: string, message: string, status?: string): Refused {
  return new Refused(refusal('malformed', `http/${about}`, message, status))
}

/** Thrown for what is above a named limit. */
export function excessive(about: string, message: string, status?: string): Refused {
  return new Refused(refusal('too_large', `http/${about}`, message, status))
}
