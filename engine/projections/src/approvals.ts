import type { DatabaseSync } from 'node:sqlite'
import { approvalEvent, evolveApproval, type ApprovalView } from '@sluice/core'
import type { Projection } from './projection.ts'

/** Every approval that was ever asked for; those that are live the gateways fold for themselves. */
export const approvals: Projection = {
  name: 'approvals',
  version: 1,
  tables: `create table approvals (
    id text primary key, writer text not null, epoch integer not null, asked_ms integer not null,
    subject text not null, target text not null, view text not null
  ) strict;
  create index approvals_by_time on approvals (asked_ms);`,
  fold(db) {
    const one = db.prepare('select view from approvals where id = ?')
    const keep = db.prepare('insert into approvals values (?, ?, ?, ?, ?, ?, ?)')
    const change = db.prepare('update approvals set view = ? where id = ?')
    return {
      event(event) {
        const approval = approvalEvent(event)
        if (approval === undefined) return
        const id = approval.data.approval
        const known = one.get(id)?.['view'] as string | undefined
        const before = known === undefined ? undefined : (JSON.parse(known) as ApprovalView)
        const view = evolveApproval(before, approval)
        if (view === undefined || view === before) return
        if (before === undefined)
          keep.run(
            id,
            event.writer,
            event.epoch,
            event.time,
            view.subject.id,
            view.target,
            JSON.stringify(view),
          )
        else change.run(JSON.stringify(view), id)
      },
    }
  },
}

export interface ApprovalsRead {
  /** Newest first. */
  list(last: number): readonly ApprovalView[]
}

export function readApprovals(db: DatabaseSync): ApprovalsRead {
  const latest = db.prepare(`
    select view, approvals.epoch <= coalesce(lost.epoch, -1) as was_lost
    from approvals left join lost using (writer) order by asked_ms desc, id desc limit ?`)
  return {
    list: (last) =>
      latest.all(last).map((row) => {
        const view = JSON.parse(row['view'] as string) as ApprovalView
        return row['was_lost'] === 1 && view.state === 'pending' ? { ...view, state: 'expired' } : view
      }),
  }
}
