import { durationText, limits, type AccessRule } from '@sluice/core'
import { durationMs } from '../duration.ts'
import type { Located, Path } from './document.ts'
import { ConfigError } from './problem.ts'

/** `targets[].access` as the schema admits it. */
export interface RawAccess {
  readonly approvers: readonly string[]
  readonly max?: string
  readonly roles?: readonly string[]
}

const defaultMax = '8h'
const defaultRoles = ['reader']

/** Who may give access to a target for a while; `undefined` when the target says nothing of it: then nobody. */
export function accessOf(document: Located, at: Path, access: RawAccess | undefined): AccessRule | undefined {
  if (access === undefined) return undefined
  const { approvers, max = defaultMax, roles = defaultRoles } = access
  const maxMs = durationMs(max)
  const { grantLifeMs, grantLifeMsMin } = limits
  if (maxMs < grantLifeMsMin || maxMs > grantLifeMs) {
    const bounds = `from ${durationText(grantLifeMsMin)} to ${durationText(grantLifeMs)}`
    throw new ConfigError([document.problem([...at, 'max'], `access.max cannot be "${max}"`, bounds)])
  }
  return { approvers, roles, maxMs }
}
