import type { DatabaseSync } from 'node:sqlite'
import {
  approvalEvent,
  evolveApproval,
  expired,
  type ApprovalState,
  type ApprovalView,
  type RecordedEvent,
} from '@sluice/core'
import { eventKept, keptEvent } from './kept-event.ts'
import type { Projection } from './projection.ts'

/** Every approval that was ever asked for; those that are live the gateways fold for themselves. */
export const approvals: Projection = {
  name: 'approvals',
  version: 2,
  tables: `
    create table approvals (
      id text primary key, state text not null, writer text not null, epoch integer not null,
      asked_ms integer not null, subject text not null, target text not null,
      view text not null, request text not null
    ) strict;
    create index approvals_by_subject on approvals (subject, id);
    create index approvals_by_target on approvals (target, id);
    create index approvals_live on approvals (writer) where state in ('pending', 'approved');
    -- Whom it concerns: the people behind the request, and the groups that decide on it.
    create table approval_concerns (
      kind text not null, name text not null, id text not null, primary key (kind, name, id)
    ) strict, without rowid;
  `,
  fold(db) {
    const one = db.prepare('select view from approvals where id = ?')
    const keep = db.prepare('insert into approvals values (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    const concern = db.prepare('insert or ignore into approval_concerns values (?, ?, ?)')
    const change = db.prepare('update approvals set state = ?, view = ? where id = ?')
    const live = db.prepare(
      `select view from approvals where writer = ? and epoch <= ? and state in ('pending', 'approved')`,
    )
    const changed = (view: ApprovalView): void => void change.run(view.state, JSON.stringify(view), view.id)
    const asked = (view: ApprovalView, event: RecordedEvent): void => {
      const { id, state, writer, epoch, requestedAt, subject, target } = view
      const texts = [JSON.stringify(view), keptEvent(event)]
      keep.run(id, state, writer, epoch, requestedAt, subject.id, target, ...texts)
      for (const person of view.people) concern.run('person', person, id)
      for (const group of view.approvers) concern.run('group', group, id)
    }
    return {
      event(event) {
        if (event.type === 'GatewayLost') {
          // All of this is in one stream, so whatever it asked for was read before.
          for (const row of live.all(event.data.writer, event.data.epoch))
            changed(expired(viewIn(row), event.time, 'gateway'))
          return
        }
        const approval = approvalEvent(event)
        const { recorded } = event
        if (approval === undefined || recorded === null) return
        const row = one.get(approval.data.approval)
        const before = row === undefined ? undefined : viewIn(row)
        const view = evolveApproval(before, approval)
        if (view === undefined || view === before) return
        if (before === undefined) asked(view, recorded)
        else changed(view)
      },
    }
  },
}

/** Of those that ended; everything that is given must be so. */
export interface ApprovalsWanted {
  readonly state?: ApprovalState | undefined
  /** Subject id of who asked. */
  readonly subject?: string | undefined
  readonly target?: string | undefined
  /** When it was asked for. */
  readonly since_ms?: number | undefined
  readonly until_ms?: number | undefined
  /** Those that were asked for before this one. */
  readonly before?: string | undefined
  /** That this person is behind, or one of these groups decides on; `null`: all. */
  readonly concerning: { readonly person: string; readonly groups: readonly string[] } | null
  readonly last: number
}

export interface ApprovalRecord {
  readonly view: ApprovalView
  /** What asked for it, with the sealed content. */
  readonly request: RecordedEvent
}

export interface ApprovalsRead {
  /** One that ended. */
  get(id: string): ApprovalRecord | undefined
  /** Newest first. */
  search(wanted: ApprovalsWanted): readonly ApprovalRecord[]
}

const over = "state not in ('pending', 'approved')"
const forever = Number.MAX_SAFE_INTEGER

export function readApprovals(db: DatabaseSync): ApprovalsRead {
  const one = db.prepare(`select view, request from approvals where id = ? and ${over}`)
  const conditions = `${over}
    and (:state is null or state = :state) and (:subject is null or subject = :subject)
    and (:target is null or target = :target) and asked_ms >= :since and asked_ms < :until and (:before is null or id < :before)
    order by id desc limit :last`
  const all = db.prepare(`select view, request from approvals where ${conditions}`)
  const some = db.prepare(`
    select view, request from approvals where id in (
      select id from approval_concerns where kind = 'person' and name = :person
      union select id from approval_concerns where kind = 'group' and name in (select value from json_each(:groups))
    ) and ${conditions}`)
  return {
    get(id) {
      const row = one.get(id)
      return row === undefined ? undefined : recordIn(row)
    },
    search({ state, subject, target, since_ms, until_ms, before, concerning, last }) {
      const asked = {
        state: state ?? null,
        subject: subject ?? null,
        target: target ?? null,
        since: since_ms ?? 0,
        until: until_ms ?? forever,
        before: before ?? null,
        last,
      }
      const rows =
        concerning === null
          ? all.all(asked)
          : some.all({ ...asked, person: concerning.person, groups: JSON.stringify(concerning.groups) })
      return rows.map(recordIn)
    },
  }
}

type Row = Readonly<Record<string, unknown>>

function viewIn(row: Row): ApprovalView {
  return JSON.parse(row['view'] as string) as ApprovalView
}

function recordIn(row: Row): ApprovalRecord {
  return { view: viewIn(row), request: eventKept(row['request'] as string) }
}
