import { durationText, type ApprovalView, type EventData } from '@sluice/core'
import { lineOf } from './line.ts'
import type { Message, Notice } from './notice.ts'
import { actionNames, summaryLine } from './summary.ts'

/** Where people look at what a notice is of: a page that only shows. `null` while nobody can reach one. */
export type Link = (path: string) => string | null

/** A notice in words, for any medium that people read. Each text is one line without anything unseen. */
export interface Told {
  readonly title: string
  readonly facts: readonly (readonly [string, string])[]
  readonly link: string | null
  /** The approval that may be voted on. */
  readonly votable: string | null
}

export function told(message: Message, link: Link): Told {
  return message.kind === 'notice' ? toldOf(message.notice, link) : toldOfMany(message, link)
}

function toldOf(notice: Notice, link: Link): Told {
  switch (notice.type) {
    case 'alarm.raised':
      return toldOfAlarm(notice.alarm, link)
    case 'access.requested':
      return toldOfAccess(notice.access, link)
    default:
      return toldOfApproval(notice.approval, link)
  }
}

const approvalTitles: Readonly<Record<ApprovalView['state'], string>> = {
  pending: 'Approval needed',
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Expired without approval',
  cancelled: 'Cancelled',
  consumed: 'Performed as approved',
}

function toldOfApproval(approval: ApprovalView, link: Link): Told {
  const { id, state, subject, target, rule, message, summary, ended, votes, quorum } = approval
  const approved = votes.filter(({ vote }) => vote === 'approve').length
  return {
    title: `${approvalTitles[state]}: ${actionNames(summary)} on ${lineOf(target)}`,
    facts: [
      ['Asked by', lineOf(behalf(subject.id, subject.on_behalf_of))],
      ['Target', lineOf(target)],
      ['What', summaryLine(summary)],
      ['Rule', lineOf(rule)],
      ['Why it waits', lineOf(message)],
      ['Approvals', `${approved} of ${quorum}, by ${lineOf(approval.approvers.join(', '))}`],
      ...(ended === null
        ? [['Expires', iso(approval.expiresAt)] as const]
        : [['Ended', lineOf(`${iso(ended.time)}, by ${ended.by}: ${ended.reason}`)] as const]),
      ['Reference', id],
    ],
    link: link(`/approvals/${id}`),
    votable: state === 'pending' ? id : null,
  }
}

function toldOfAlarm(alarm: EventData['AlarmRaised'], link: Link): Told {
  return {
    title: `Alarm: ${actionNames(alarm.actions)} on ${lineOf(alarm.target)} was let through`,
    facts: [
      ['Done by', lineOf(alarm.subject)],
      ['Target', lineOf(alarm.target)],
      ['What', summaryLine(alarm.actions)],
      ['Rule', lineOf(alarm.alarm)],
      ['Session', alarm.session],
      ['Reference', alarm.decision],
    ],
    link: link(`/v1/sessions/${alarm.session}`),
    votable: null,
  }
}

function toldOfAccess(access: EventData['GrantRequested'], link: Link): Told {
  const { grant, subject, target, role, life_ms: life, reason, approvers, expires_ms: expires } = access
  return {
    title: `Access asked for: ${lineOf(role)} on ${lineOf(target)}`,
    facts: [
      ['Asked by', lineOf(behalf(subject.id, subject.on_behalf_of))],
      ['Target', lineOf(target)],
      ['Role', lineOf(role)],
      ['For', durationText(life)],
      ['Why', lineOf(reason)],
      ['Given by', `one of ${lineOf(approvers.join(', '))}`],
      ['Expires', iso(expires)],
      ['Reference', grant],
    ],
    link: link(`/v1/grants/${grant}`),
    votable: null,
  }
}

function toldOfMany({ notices, count }: Message & { readonly kind: 'digest' }, link: Link): Told {
  const lines = notices.map((notice) => {
    const { title, facts } = toldOf(notice, link)
    return [facts.at(-1)?.[1] ?? '', title] as const
  })
  const more = count > notices.length ? [['And', `${count - notices.length} more`] as const] : []
  return {
    title: `${count} notices at once`,
    facts: [...lines, ...more],
    link: link('/approvals'),
    votable: null,
  }
}

function behalf(id: string, person: string | null): string {
  return person === null ? id : `${id}, on behalf of ${person}`
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
