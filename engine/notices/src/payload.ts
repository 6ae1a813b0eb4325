import type { ApprovalView, EventData, SubjectRecord } from '@sluice/core'
import { lineOf } from './line.ts'
import type { Message, Notice } from './notice.ts'
import { summaryOf, type ActionLine } from './summary.ts'
import type { Link } from './told.ts'

/** What a webhook is sent: the same for the same message, so that its id is enough to drop a repetition. */
export type Payload =
  | ({ readonly id: string } & NoticeBody)
  | {
      readonly id: string
      readonly type: 'digest'
      readonly count: number
      readonly notices: readonly NoticeBody[]
    }

interface Happened {
  /** Of what happened; a digest repeats it for each of its notices. */
  readonly event: string
  readonly type: Notice['type']
  readonly time: string
}

type NoticeBody = Happened &
  ({ readonly approval: ApprovalBody } | { readonly alarm: AlarmBody } | { readonly access: AccessBody })

interface ApprovalBody {
  readonly id: string
  readonly state: ApprovalView['state']
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly actions: readonly ActionLine[]
  readonly rule: string
  readonly message: string
  readonly approvers: readonly string[]
  readonly approved: number
  readonly quorum: number
  readonly expires_at: string
  readonly ended: { readonly at: string; readonly by: string; readonly reason: string } | null
  readonly link: string | null
}

interface AlarmBody {
  readonly subject: string
  readonly target: string
  readonly actions: readonly ActionLine[]
  readonly rules: string
  readonly session: string
  readonly exchange: string
  readonly decision: string
  readonly link: string | null
}

interface AccessBody {
  readonly id: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly role: string
  readonly life_ms: number
  readonly reason: string
  readonly approvers: readonly string[]
  readonly expires_at: string
  readonly link: string | null
}

export function payloadOf(message: Message, link: Link): Payload {
  const { id } = message
  if (message.kind === 'notice') return { id, ...bodyOf(message.notice, link) }
  const notices = message.notices.map((notice) => bodyOf(notice, link))
  return { id, type: 'digest', count: message.count, notices }
}

function bodyOf(notice: Notice, link: Link): NoticeBody {
  const happened = { event: notice.id, type: notice.type, time: iso(notice.time) }
  switch (notice.type) {
    case 'alarm.raised':
      return { ...happened, alarm: alarmBody(notice.alarm, link) }
    case 'access.requested':
      return { ...happened, access: accessBody(notice.access, link) }
    default:
      return { ...happened, approval: approvalBody(notice.approval, link) }
  }
}

function approvalBody(approval: ApprovalView, link: Link): ApprovalBody {
  const { id, state, target, summary, rule, message, approvers, quorum, ended, votes } = approval
  return {
    id,
    state,
    ...subjectOf(approval.subject),
    target: lineOf(target),
    actions: summaryOf(summary),
    rule: lineOf(rule),
    message: lineOf(message),
    approvers,
    approved: votes.filter(({ vote }) => vote === 'approve').length,
    quorum,
    expires_at: iso(approval.expiresAt),
    ended:
      ended === null ? null : { at: iso(ended.time), by: lineOf(ended.by), reason: lineOf(ended.reason) },
    link: link(`/approvals/${id}`),
  }
}

function alarmBody(alarm: EventData['AlarmRaised'], link: Link): AlarmBody {
  const { session, exchange, decision } = alarm
  return {
    subject: lineOf(alarm.subject),
    target: lineOf(alarm.target),
    actions: summaryOf(alarm.actions),
    rules: lineOf(alarm.alarm),
    session,
    exchange,
    decision,
    link: link(`/v1/sessions/${session}`),
  }
}

function accessBody(access: EventData['GrantRequested'], link: Link): AccessBody {
  const { grant, subject, target, role, life_ms, reason, approvers, expires_ms: expires } = access
  return {
    id: grant,
    ...subjectOf(subject),
    target: lineOf(target),
    role: lineOf(role),
    life_ms,
    reason: lineOf(reason),
    approvers,
    expires_at: iso(expires),
    link: link(`/v1/grants/${grant}`),
  }
}

function subjectOf({
  id,
  on_behalf_of: person,
}: SubjectRecord): Pick<AccessBody, 'subject' | 'on_behalf_of'> {
  return { subject: lineOf(id), on_behalf_of: person === null ? null : lineOf(person) }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
