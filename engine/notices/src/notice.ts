import type { ApprovalView, EventData } from '@sluice/core'

/** What people can be told of: what happened, in the words of webhooks and of the configuration. */
export const noticeTypes = [
  'approval.requested',
  'approval.approved',
  'approval.rejected',
  'approval.expired',
  'approval.cancelled',
  'approval.consumed',
  'alarm.raised',
  'access.requested',
] as const
export type NoticeType = (typeof noticeTypes)[number]

/** One thing that people are told, as the control stream says it. None of it is sealed content. */
export type Notice = {
  /** The same for everybody who is told, and after a restart. */
  readonly id: string
  readonly time: number
} & (
  | {
      readonly type: Exclude<NoticeType, 'alarm.raised' | 'access.requested'>
      readonly approval: ApprovalView
    }
  | { readonly type: 'alarm.raised'; readonly alarm: EventData['AlarmRaised'] }
  | { readonly type: 'access.requested'; readonly access: EventData['GrantRequested'] }
)

/** What is delivered at once: one notice, or more of them than people should be told one by one. */
export type Message =
  | { readonly kind: 'notice'; readonly id: string; readonly notice: Notice }
  | {
      readonly kind: 'digest'
      readonly id: string
      /** The first of them, alarms before others. */
      readonly notices: readonly Notice[]
      readonly count: number
    }

/** The groups one of whose members decides; `null` for what concerns everybody. */
export function deciders(notice: Notice): readonly string[] | null {
  switch (notice.type) {
    case 'alarm.raised':
      return null
    case 'access.requested':
      return notice.access.approvers
    default:
      return notice.approval.approvers
  }
}
