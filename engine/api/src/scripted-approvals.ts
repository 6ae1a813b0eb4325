import {
  tokenIn,
  type Proof,
  createStanding,
  noting,
  openApprovals,
  systemClock,
  systemIds,
  type ApprovalView,
  type Approvals,
  type Asked,
  type Identity,
  type RecordedEvent,
} from '@sluice/core'
import type { ApprovalRecord } from './approval-records.ts'
import type { ApiPorts } from './app.ts'
import { identityOf, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

export interface ApprovalsApi extends ScriptedApi {
  readonly approvals: Approvals
  /** Somebody's request waits for an approval. */
  ask(token: string, change?: Partial<Asked>): Promise<ApprovalView>
}

/** What ended in that book, for an API whose own has forgotten it or never knew it. */
export async function pastOf({ approvals, store }: ApprovalsApi): Promise<Pick<ApiPorts, 'past' | 'unseal'>> {
  const requests = new Map<string, RecordedEvent>()
  for await (const event of store.read())
    if (event.type === 'ApprovalRequested') requests.set(event.data.approval, event)
  const record = (view: ApprovalView): ApprovalRecord | undefined => {
    const request = requests.get(view.id)
    return request === undefined || ['pending', 'approved'].includes(view.state)
      ? undefined
      : { view, request }
  }
  const records = (): readonly ApprovalRecord[] => approvals.list().flatMap((view) => record(view) ?? [])
  return {
    past: {
      get: (id) => records().find(({ view }) => view.id === id),
      search: ({ state, subject, target, since_ms = 0, until_ms = Infinity, before, concerning, last }) =>
        records()
          .filter(
            ({ view }) =>
              (state === undefined || view.state === state) &&
              (subject === undefined || view.subject.id === subject) &&
              (target === undefined || view.target === target) &&
              view.requestedAt >= since_ms &&
              view.requestedAt < until_ms &&
              (before === undefined || view.id < before) &&
              (concerning === null ||
                view.people.includes(concerning.person) ||
                view.approvers.some((group) => concerning.groups.includes(group))),
          )
          .toReversed()
          .slice(0, last),
    },
    unseal: async ({ id }) => {
      const content = store.contents.get(id)
      return content === undefined ? { kind: 'erased' } : { kind: 'content', content }
    },
  }
}

let asked = 0

/** The API over the real book of approvals and a log in memory. */
export async function approvalsApi(change: Partial<ApiPorts> = {}): Promise<ApprovalsApi> {
  const store = new ScriptedStore()
  const standing = createStanding()
  const ids = systemIds(systemClock)
  const approvals = await openApprovals({
    writer: 'test',
    epoch: 1,
    store,
    unseal: async ({ id }) => store.contents.get(id) ?? null,
    clock: systemClock,
    ids,
    owners: new Map([['test#heidi', ['test#alice']]]),
    standing,
    report: () => {},
  })
  const authenticator = noting(
    { authenticate: async (proof: Proof): Promise<Identity> => identityOf(tokenIn(proof)) },
    standing,
  )
  const api = scriptedApi({ approvals, authenticator, ...change }, store)
  return {
    ...api,
    approvals,
    ask: (token, more = {}) => approvals.ask({ ...request(token), ...more }),
  }
}

function request(token: string): Asked {
  asked += 1
  return {
    binding: Buffer.from(`binding ${asked}`),
    subject: identityOf(token).subject,
    target: 'shop',
    session: 'ses_00000000000000000000000001',
    exchange: 'exc_00000000000000000000000001',
    run: { id: 'run-1', trace_id: null },
    rule: 'starter/delete',
    message: 'Deleting rows needs an approval.',
    requirement: { approvers: ['dba'], quorum: 1, expires_s: 600, hold_s: 60, scope: 'once' },
    summary: [deletion],
    shown: Buffer.from(JSON.stringify(shown)),
  }
}

const deletion = {
  name: 'sql.delete',
  kind: 'delete',
  read_only: false,
  relations: [{ schema: 'public', name: 'orders', access: 'delete', columns: ['id'] }],
  functions: [],
  has_where: true,
  parameters: null,
  masked: [],
}

const shown = {
  statement: 'delete from orders where id = 7',
  parameters: ['x'],
  literals: [[30, 31]],
  estimates: { 'public.orders': 9000 },
}
