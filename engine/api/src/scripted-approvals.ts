import {
  createStanding,
  noting,
  openApprovals,
  systemClock,
  systemIds,
  type ApprovalView,
  type Approvals,
  type Asked,
  type Identity,
} from '@sluice/core'
import type { ApiPorts } from './app.ts'
import { identityOf, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

export interface ApprovalsApi extends ScriptedApi {
  readonly approvals: Approvals
  /** Somebody's request waits for an approval. */
  ask(token: string, change?: Partial<Asked>): Promise<ApprovalView>
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
    { authenticate: async (token: string): Promise<Identity> => identityOf(token) },
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
