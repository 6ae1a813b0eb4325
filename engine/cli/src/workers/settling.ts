import type {
  Grants,
  Kills,
  MintedPasswords,
  Registrations,
  Revocations,
  Standing,
  Subject,
} from '@sluice/core'
import type { Policies } from '@sluice/api'
import type { Front } from '../front.ts'

export interface Decided {
  readonly policies: Policies
  readonly grants: Grants
  readonly revocations: Revocations
  readonly registrations: Pick<Registrations, 'list' | 'register' | 'remove'>
  readonly passwords: MintedPasswords
  readonly kills: Pick<Kills, 'kill'>
}

/** The same, but that whoever is answered finds it so wherever they call next. */
export function settling(
  { policies, grants, revocations, registrations, passwords, kills }: Decided,
  front: Pick<Front, 'settled'>,
): Decided {
  const settled = async <Result>(result: Promise<Result>): Promise<Result> => {
    const decided = await result
    await front.settled()
    return decided
  }
  return {
    policies: {
      view: () => policies.view(),
      activate: (...of) => settled(policies.activate(...of)),
      activateFiles: (...of) => settled(policies.activateFiles(...of)),
    },
    grants: {
      request: (wanted) => grants.request(wanted),
      find: (id) => grants.find(id),
      list: () => grants.list(),
      decide: (...of) => settled(grants.decide(...of)),
      revoke: (...of) => settled(grants.revoke(...of)),
      of: (...of) => grants.of(...of),
      onChange: (listener) => grants.onChange(listener),
      get healthy() {
        return grants.healthy
      },
      close: () => grants.close(),
    },
    revocations: {
      revokeToken: (...of) => settled(revocations.revokeToken(...of)),
      revokeSubject: (...of) => settled(revocations.revokeSubject(...of)),
      of: (identity) => revocations.of(identity),
      list: () => revocations.list(),
      onChange: (listener) => revocations.onChange(listener),
      get healthy() {
        return revocations.healthy
      },
      close: () => revocations.close(),
    },
    registrations: {
      list: () => registrations.list(),
      register: (registration) => settled(registrations.register(registration)),
      remove: (...of) => settled(registrations.remove(...of)),
    },
    passwords: {
      mint: (...of) => settled(passwords.mint(...of)),
      of: (id) => passwords.of(id),
      list: () => passwords.list(),
      get healthy() {
        return passwords.healthy
      },
      close: () => passwords.close(),
    },
    kills: { kill: (...of) => settled(kills.kill(...of)) },
  }
}

/** A standing that tells who is seen with other groups than before. */
export function tellingSeen(
  standing: Standing,
  tell: (seen: Pick<Subject, 'id' | 'groups'>) => void,
): Standing {
  return {
    note({ id, groups }) {
      const before = standing.groupsOf(id)
      standing.note({ id, groups })
      if (before === undefined || String(before) !== String(groups)) tell({ id, groups })
    },
    groupsOf: (id) => standing.groupsOf(id),
    all: () => standing.all(),
  }
}
