import type { FastifyPluginAsync } from 'fastify'
import type { OpenSessions } from '@sluice/core'
import { caller } from './caller.ts'
import type { RolePorts } from './roles.ts'
import {
  answers,
  count,
  list,
  nullable,
  object,
  oneOf,
  options,
  short,
  text,
  type RouteSchema,
} from './schema.ts'
import { recordedLine, sessionLine, type SessionLine, type SessionRecord } from './session-line.ts'
import {
  sessionSorts,
  type SessionRecords,
  type SessionSort,
  type SessionsSought,
} from './session-records.ts'
import { sessionLineSchema } from './session-schema.ts'
import { narrowed } from './session-sight.ts'

export interface SessionSearchPorts extends RolePorts {
  readonly engine: Pick<OpenSessions, 'session'>
  readonly records: Pick<SessionRecords, 'search'>
}

/** A page of sessions; `next` asks for what comes behind it, and is `null` at the end. */
export interface SessionPage {
  readonly sessions: readonly SessionLine[]
  readonly total: number
  readonly next: string | null
}

interface SearchRequest {
  readonly Querystring: Omit<SessionsSought, 'after' | 'on_behalf_of'> & { readonly after?: string }
}

const placePattern = /^(\d{1,16})\.(ses_[0-9A-Z]{26})$/

const schema: RouteSchema = {
  summary: 'A page of sessions at all gateways: one’s own, or everybody’s for admins and auditors',
  querystring: options({
    state: oneOf('open', 'closed', 'lost'),
    subject: short,
    target: short,
    protocol: short,
    run: short,
    text: { ...short, description: 'In id, subject, target, application, run or address.' },
    opened_since_ms: count,
    opened_until_ms: count,
    sort: { ...oneOf(...sessionSorts), default: 'opened' },
    order: { ...oneOf('ascending', 'descending'), default: 'descending' },
    after: { ...text, pattern: placePattern.source, description: '`next` of the page before.' },
    last: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
  }),
  response: answers(
    object({
      sessions: list(sessionLineSchema),
      total: { ...count, description: 'At most 10000: then there may be more.' },
      next: nullable(text),
    }),
  ),
}

/** GET /v1/sessions/search: what there is and was, a little behind the log; of those that live here as they are now. */
export function sessionSearch(ports: SessionSearchPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<SearchRequest>('/v1/sessions/search', { schema }, async (request): Promise<SessionPage> => {
      const { subject } = await caller(request, ports.authenticator)
      const { after, ...asked } = request.query
      const own = narrowed(asked.subject, subject, ports.roles)
      if (own === null) return { sessions: [], total: 0, next: null }
      const { sessions, total } = ports.records.search({ ...asked, ...own, after: placeOf(after) })
      const lines = sessions.map((record) => {
        const live = ports.engine.session(record.id)
        return live === undefined ? recordedLine(record) : sessionLine(live)
      })
      return { sessions: lines, total, next: nextOf(sessions, asked) }
    })
  }
}

/** By the record and not by what is shown, so that pages fit together. */
function nextOf(
  sessions: readonly SessionRecord[],
  { sort, last }: { readonly sort: SessionSort; readonly last: number },
): string | null {
  const end = sessions.at(-1)
  if (end === undefined || sessions.length < last) return null
  return `${sort === 'opened' ? end.opened_ms : end[sort]}.${end.id}`
}

function placeOf(after: string | undefined): SessionsSought['after'] {
  const [, value, id] = placePattern.exec(after ?? '') ?? []
  return value === undefined || id === undefined ? undefined : { value: Number(value), id }
}
