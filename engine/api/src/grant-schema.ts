import {
  answers,
  count,
  idOf,
  list,
  nullable,
  object,
  oneOf,
  options,
  reason,
  text,
  time,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'

const states = ['requested', 'given', 'rejected', 'revoked', 'ended'] as const

const line: JsonSchema = object({
  id: text,
  state: oneOf(...states),
  subject: text,
  on_behalf_of: nullable(text),
  target: text,
  role: text,
  life_ms: count,
  reason: text,
  requested_at: time,
  approvers: list(text),
  decided_by: nullable(text),
  decision_reason: nullable(text),
  revoked_by: nullable(text),
  expires_at: time,
})

const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 63 }
const params = idOf('grt')

export const requestSchema: RouteSchema = {
  summary: 'Ask for access to a target for a while, for oneself',
  body: {
    ...options({
      target: name,
      role: { ...name, default: 'reader' },
      life_ms: { type: 'integer', minimum: 1 },
      reason: { ...reason, pattern: '\\S' },
    }),
    required: ['target', 'life_ms', 'reason'],
  },
  response: answers(line, 403, 404, 503),
}

export const listSchema: RouteSchema = {
  summary: 'Grants that the caller may see, oldest first: their own, those they may decide, or all',
  querystring: options({
    state: { ...oneOf(...states, 'live', 'all'), default: 'all' },
    last: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
  }),
  response: answers(list(line)),
}

export const grantSchema: RouteSchema = {
  summary: 'One grant',
  params,
  response: answers(line, 404),
}

export const decisionSchema: RouteSchema = {
  summary: 'Give or reject it; needs the role approver and one of the groups that it names',
  params,
  body: {
    ...options({ decision: oneOf('grant', 'reject'), reason }),
    required: ['decision'],
  },
  response: answers(line, 403, 404, 409, 503),
}

export const revokeSchema: RouteSchema = {
  summary: 'End it at once, or take the request back; who gave it, who asked for it, or an admin',
  params,
  // It may come without a body.
  body: { ...options({ reason }), type: ['object', 'null'] },
  response: answers(line, 403, 404, 409, 503),
}
