import type { Approvals, ApprovalState, ApprovalView, Subject } from '@sluice/core'
import type { ApprovalRecords, ApprovalsWanted } from './approval-records.ts'
import { concerning, sightOf, type Seen } from './approval-sight.ts'
import type { RoleGroups } from './roles.ts'

export interface ApprovalSearchPorts {
  readonly approvals: Pick<Approvals, 'list'>
  readonly past: ApprovalRecords
  readonly roles: RoleGroups
}

/**
 * The approvals that are wanted and exist for somebody, oldest first, of many the newest: those that are live as they
 * are now, those that ended as the log tells of them.
 */
export function approvalsSeen(
  wanted: ApprovalsWanted,
  subject: Subject,
  ports: ApprovalSearchPorts,
): readonly Seen[] {
  const found = new Map<string, Seen>()
  for (const approval of ports.approvals.list()) {
    const sight = fits(approval, wanted) ? sightOf(approval, subject, ports.roles) : null
    if (sight !== null) found.set(approval.id, { approval, sight })
  }
  if (!isLive(wanted.state))
    for (const seen of past(wanted, subject, ports)) found.set(seen.approval.id, seen)
  // In the order in which they were asked for.
  return [...found.values()].toSorted((a, b) => (a.approval.id < b.approval.id ? -1 : 1)).slice(-wanted.last)
}

function fits(approval: ApprovalView, wanted: ApprovalsWanted): boolean {
  const { state, subject, target, since_ms: since = 0, until_ms: until = Infinity, before } = wanted
  return (
    (state === undefined || approval.state === state) &&
    (subject === undefined || approval.subject.id === subject) &&
    (target === undefined || approval.target === target) &&
    approval.requestedAt >= since &&
    approval.requestedAt < until &&
    (before === undefined || approval.id < before)
  )
}

/** Newest first. */
function past(wanted: ApprovalsWanted, subject: Subject, ports: ApprovalSearchPorts): readonly Seen[] {
  const found: Seen[] = []
  const whom = concerning(subject, ports.roles)
  for (let { before } = wanted; ;) {
    const records = ports.past.search({ ...wanted, before, concerning: whom })
    for (const { view } of records) {
      const sight = sightOf(view, subject, ports.roles)
      if (sight !== null) found.push({ approval: view, sight })
    }
    if (records.length < wanted.last || found.length >= wanted.last) return found
    before = records.at(-1)?.view.id
  }
}

function isLive(state: ApprovalState | undefined): boolean {
  return state === 'pending' || state === 'approved'
}
