import { limits } from './limits.ts'
import type { Authenticator } from './ports.ts'
import type { Subject } from './request.ts'

/**
 * The groups in which this gateway saw each subject last. A vote counts by them when something is released, not by
 * what they were when the person voted.
 */
export interface Standing {
  /** Who authenticated now. */
  note(subject: Pick<Subject, 'id' | 'groups'>): void
  /** `undefined`: this gateway has not seen it. */
  groupsOf(id: string): readonly string[] | undefined
  /** Everybody who was seen. */
  all(): readonly Pick<Subject, 'id' | 'groups'>[]
}

export function createStanding(): Standing {
  const known = new Map<string, readonly string[]>()
  return {
    note: ({ id, groups }) => {
      // Newest last, so that the one forgotten is who was away longest.
      known.delete(id)
      known.set(id, groups)
      const [oldest] = known.keys()
      if (known.size > limits.standingsMax && oldest !== undefined) known.delete(oldest)
    },
    groupsOf: (id) => known.get(id),
    all: () => Array.from(known, ([id, groups]) => ({ id, groups })),
  }
}

/** An authenticator that notes everybody whom it knows. */
export function noting(authenticator: Authenticator, standing: Pick<Standing, 'note'>): Authenticator {
  return {
    authenticate: async (proof) => {
      const identity = await authenticator.authenticate(proof)
      standing.note(identity.subject)
      return identity
    },
  }
}
