import {
  anything,
  answers,
  count,
  flag,
  idOf,
  list,
  map,
  nullable,
  object,
  oneOf,
  options,
  reason,
  short,
  text,
  time,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'
import { exchangeLine } from './exchange-schema.ts'

const states = ['pending', 'approved', 'rejected', 'expired', 'cancelled', 'consumed'] as const
const state = oneOf(...states)

const line = {
  id: text,
  state,
  subject: text,
  target: text,
  action: text,
  statement: nullable(text),
  expires_at: time,
  approved: count,
  quorum: count,
  caller_waits: {
    ...nullable(flag),
    description:
      'Whether its caller still waits; null where another process or gateway knows, or it is over.',
  },
}

/** What the list, a vote and the stream say of an approval. */
export const approvalLineSchema: JsonSchema = object(line)

const shownText = object({ text, bytes: count, lines: count })
const request = object({
  statement: shownText,
  stands_for: list(shownText),
  parameters: list(anything),
  hidden: anything,
  estimates: map(nullable({ type: 'number' })),
})
const action = object({
  name: text,
  kind: text,
  relations: list(object({ schema: text, name: text, access: text, columns: list(text) })),
  functions: list(text),
  has_where: nullable(flag),
})
const counts = {
  requests: count,
  denied: count,
  rows: count,
  bytes: count,
  tokens: count,
  cost_micros: count,
}

const page = object({
  ...line,
  requester: object({
    id: text,
    type: text,
    issuer: text,
    groups: list(text),
    on_behalf_of: nullable(text),
  }),
  session: text,
  exchange: text,
  rule: text,
  message: text,
  approvers: list(text),
  scope: text,
  requested_at: time,
  expires_in_s: count,
  may_not_vote: nullable(text),
  actions: list(action),
  request: nullable(request),
  votes: list(object({ voter: text, vote: text, reason: text, at: time })),
  uses: list(object({ exchange: text, decision: text, at: time })),
  ended: nullable(object({ at: time, by: text, reason: text })),
  run: nullable(
    object({
      id: text,
      sessions: count,
      ...counts,
      recent: list(
        object({
          exchange: text,
          at: time,
          target: text,
          summary: text,
          effect: nullable(text),
          masked: count,
        }),
      ),
    }),
  ),
  session_so_far: nullable(object({ ...counts, in_flight: count, recent: nullable(list(exchangeLine)) })),
  before: list(object({ id: text, state, at: time })),
})

const params = idOf('apr')

export const listSchema: RouteSchema = {
  summary: 'Approvals of all gateways that the caller may see, oldest first; of many the newest',
  querystring: options({
    state: { ...oneOf(...states, 'all'), default: 'pending' },
    subject: { ...short, description: 'Who asked.' },
    target: short,
    since_ms: { ...count, description: 'Asked for then or later.' },
    until_ms: { ...count, description: 'Asked for before then.' },
    before: {
      type: 'string',
      pattern: '^apr_[0-9A-Z]{26}$',
      description: 'The first of an answer: those that were asked for earlier.',
    },
    last: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  }),
  response: answers(list(approvalLineSchema)),
}

export const pageSchema: RouteSchema = {
  summary: 'One approval, with everything that its approver must see',
  params,
  response: answers(page, 404),
}

export const voteSchema: RouteSchema = {
  summary: 'Approve or reject; needs the role approver and one of the groups that the approval names',
  params,
  body: {
    ...options({ vote: oneOf('approve', 'reject'), reason }),
    required: ['vote'],
  },
  response: answers(approvalLineSchema, 403, 404, 409, 503),
}

export const cancelSchema: RouteSchema = {
  summary: 'Take a request for approval back; its requester or an admin',
  params,
  body: options({ reason }),
  response: answers(approvalLineSchema, 403, 404, 409, 503),
}
