import {
  answers,
  count,
  idOf,
  list,
  nullable,
  object,
  options,
  text,
  time,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'

export const exchangeLine: JsonSchema = object({
  exchange: text,
  at: time,
  action: text,
  relations: list(text),
  bytes: count,
  effect: nullable(text),
  rule: nullable(text),
  decision: nullable(text),
  outcome: text,
  status: nullable(text),
  rows: count,
  masked: count,
})

export const exchangesSchema: RouteSchema = {
  summary: 'The latest exchanges of a session, oldest first, from the log; without content',
  params: idOf('ses'),
  querystring: options({ last: { type: 'integer', minimum: 1, maximum: 1000, default: 200 } }),
  response: answers(list(exchangeLine), 404),
}
