import {
  answers,
  count,
  flag,
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

export const sessionLineSchema: JsonSchema = object({
  id: text,
  state: oneOf('open', 'closed', 'lost'),
  gateway: text,
  subject: text,
  on_behalf_of: nullable(text),
  target: text,
  protocol: text,
  client_ip: text,
  application: nullable(text),
  run: nullable(text),
  opened_at: time,
  token_id: text,
  token_expires_at: time,
  requests: count,
  denied: count,
  rows: count,
  bytes: count,
  tokens: count,
  cost_micros: count,
  in_flight: count,
})

export const sessionsSchema: RouteSchema = {
  summary: 'Sessions at all gateways, oldest first: one’s own, or everybody’s for admins and auditors',
  querystring: options({ all: { ...flag, description: 'Those that are over as well.' } }),
  response: answers(list(sessionLineSchema)),
}

export const sessionSchema: RouteSchema = {
  summary: 'One session, open or over, at whichever gateway',
  params: idOf('ses'),
  response: answers(sessionLineSchema, 404),
}

export const extendSchema: RouteSchema = {
  summary: 'A fresh token of the same subject keeps a live session going',
  response: answers(object({ session: text, expires_at: time }), 404, 503),
}

export const replaceSchema: RouteSchema = {
  summary:
    'A fresh token carries on all sessions that live by a former one of the same subject, at this gateway',
  body: object({ replaces: text }),
  response: answers(object({ extended: count, expires_at: time }), 503),
}

export const killSchema: RouteSchema = {
  summary: 'End a session at once, with what runs in it; its subject or an admin',
  params: idOf('ses'),
  body: options({ reason }),
  response: answers(object({ session: text, state: oneOf('killed') }), 403, 404, 503),
}
