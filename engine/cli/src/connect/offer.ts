import type { Place } from './listener.ts'
import { urlOf, variablesFor, type Profile, type Variables } from './variables.ts'

/** What is open, for who uses it. */
export interface Offer {
  readonly url: string
  /** What `--json` says besides. */
  readonly files: Readonly<Record<string, string>>
  /** Who acts as its owner: whoever does that. */
  readonly actor: string
  /** How it is used, where the address alone does not say so; a line each. */
  readonly examples: readonly string[]
  /** For a program. */
  readonly variables: Variables
}

/** Of an address that needs nothing besides. */
export function offerAt(protocol: string, target: string, place: Place, profile: Profile | null): Offer {
  return {
    url: urlOf(protocol, target, place),
    files: {},
    actor: 'reaches that address',
    examples: [],
    variables: variablesFor(protocol, target, place, profile),
  }
}
