import { reasonText } from './approval-request.ts'
import { durationText } from './duration-text.ts'
import { refusal, type Refusal } from './errors.ts'
import type { EventData } from './events.ts'
import { grantStateAt, isGrantLive } from './grant.ts'
import type { GrantView } from './grant-view.ts'
import type { AccessRule, Wanted } from './grants.ts'
import { limits } from './limits.ts'
import { subjectRecord } from './people.ts'

/** What there is already when somebody asks. */
export interface GrantsSoFar {
  readonly views: readonly GrantView[]
  /** Requests that are not folded yet. */
  readonly underWay: readonly Wanted[]
  readonly now: number
}

/** Why somebody cannot even ask; `undefined` when they can. */
export function ungrantable(
  wanted: Wanted,
  access: AccessRule | undefined,
  { views, underWay, now }: GrantsSoFar,
): Refusal | undefined {
  const { subject, target, role, lifeMs } = wanted
  if (access === undefined) return nobody(target)
  if (!access.roles.includes(role))
    return malformed(`On ${target} you can ask for the role ${access.roles.join(' or ')}.`)
  const maxMs = Math.min(access.maxMs, limits.grantLifeMs)
  if (lifeMs > maxMs)
    return malformed(`Access to ${target} is given for at most ${durationText(maxMs)}: ask for less.`)
  if (!(lifeMs >= limits.grantLifeMsMin))
    return malformed(`Access is given for at least ${durationText(limits.grantLifeMsMin)}.`)
  const live = views.filter((view) => isGrantLive(grantStateAt(view, now)))
  const isAlike = (other: { readonly subject: { readonly id: string }; readonly target: string }): boolean =>
    other.subject.id === subject.id && other.target === target
  const alike = [...live, ...underWay].filter(isAlike).length
  const all = live.length + underWay.length
  return alike >= limits.grantsLiveMax || all >= limits.grantsAllLiveMax ? tooMany : undefined
}

function nobody(target: string): Refusal {
  return refusal(
    'denied',
    'sluice/grants',
    `Nobody gives access to ${target} for a while: its configuration names no approvers (access.approvers).`,
  )
}

function malformed(message: string): Refusal {
  return refusal('malformed', 'sluice/grants', message)
}

const tooMany = refusal(
  'too_many',
  'sluice/grants',
  'Too much is asked for or given already. Revoke what is not needed, or try again later.',
)

/** What is recorded of a request. */
export function grantRecord(
  id: string,
  { subject, target, role, lifeMs, reason }: Wanted,
  { approvers }: AccessRule,
  people: readonly string[],
  now: number,
): EventData['GrantRequested'] {
  return {
    grant: id,
    subject: subjectRecord(subject),
    people,
    target,
    role,
    life_ms: lifeMs,
    reason: reasonText(reason),
    approvers,
    expires_ms: now + limits.grantDecideMs,
  }
}
