import type { Role } from './api/shapes.ts'
import type { IconName } from './views/icon.tsx'

/** A page of the console as its navigation names it. */
export interface PlaceName {
  /** The first word of its address; empty: home. */
  readonly path: string
  readonly name: string
  readonly icon: IconName
  /** `g` and this key lead there. */
  readonly key: string
  /** On the bar of a phone; the others are behind `More`. */
  readonly major?: boolean
  /** For who has one of these; everybody where it is not said. What is allowed is the API's to say. */
  readonly roles?: readonly Role[]
}

export interface PlaceGroup {
  readonly title: string
  readonly places: readonly PlaceName[]
}

const lookers: readonly Role[] = ['admin', 'auditor']

export const placeGroups: readonly PlaceGroup[] = [
  {
    title: 'Now',
    places: [
      { path: '', name: 'Home', icon: 'home', key: 'h', major: true },
      { path: 'approvals', name: 'Approvals', icon: 'approvals', key: 'a', major: true },
      { path: 'sessions', name: 'Sessions', icon: 'sessions', key: 's', major: true },
      { path: 'exchanges', name: 'Exchanges', icon: 'exchanges', key: 'e', major: true },
    ],
  },
  {
    title: 'Rules',
    places: [
      { path: 'policies', name: 'Policies', icon: 'policies', key: 'p', roles: lookers },
      { path: 'access', name: 'Access', icon: 'access', key: 'c' },
      { path: 'identities', name: 'Identities', icon: 'identities', key: 'i', roles: lookers },
    ],
  },
  {
    title: 'Operation',
    places: [
      { path: 'targets', name: 'Targets', icon: 'targets', key: 't' },
      { path: 'agents', name: 'Agents', icon: 'agents', key: 'n', roles: lookers },
      { path: 'exporters', name: 'Exporters', icon: 'exporters', key: 'x', roles: lookers },
      { path: 'audit', name: 'Audit', icon: 'audit', key: 'u', roles: lookers },
    ],
  },
]

/** Those that somebody with these roles is shown. */
export function placesFor(has: (role: Role) => boolean): readonly PlaceGroup[] {
  return placeGroups.map(({ title, places }) => ({
    title,
    places: places.filter(({ roles }) => roles === undefined || roles.some((role) => has(role))),
  }))
}
