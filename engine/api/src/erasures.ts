import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused } from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { Conflict } from './problem.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import { answers, count, object, options, reason, text, type RouteSchema } from './schema.ts'

/** What is to be erased: exactly one of these. */
export interface ErasureRequest {
  readonly session?: string
  /** A subject id. */
  readonly subject?: string
  /** `name=value`, of targets. */
  readonly label?: string
  readonly reason: string
}

export type ErasureResult =
  | { readonly kind: 'erased'; readonly sessions: number; readonly keys: number }
  /** These sessions are open. */
  | { readonly kind: 'open'; readonly sessions: readonly string[] }

export interface ErasurePorts extends RolePorts, ActedPorts {
  readonly erase: (request: ErasureRequest, by: string) => Promise<ErasureResult>
}

const schema: RouteSchema = {
  summary: 'Make content unreadable for good; the events stay, and their chains',
  body: {
    ...options({
      session: { type: 'string', pattern: '^ses_[0-9A-Z]{26}$' },
      subject: { type: 'string', minLength: 1, maxLength: 1_000 },
      label: { type: 'string', pattern: '^[^=]+=.*$', maxLength: 200 },
      reason,
    }),
    required: ['reason'],
    oneOf: [{ required: ['session'] }, { required: ['subject'] }, { required: ['label'] }],
  },
  response: answers(object({ selector: text, sessions: count, keys: count }), 403, 409, 503),
}

/** POST /v1/erasures, for admins: the whole log is read for it, so it takes its time. */
export function erasures(ports: ErasurePorts): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: ErasureRequest }>('/v1/erasures', { schema }, async (request) => {
      const identity = await caller(request, ports.authenticator)
      const selector = selectorOf(request.body)
      if (!rolesOf(identity.subject, ports.roles).has('admin')) {
        const why = 'Only an admin may erase content.'
        acted(ports, identity, {
          action: 'audit.erase',
          resource: selector,
          outcome: 'refused',
          details: { why },
        })
        throw new Refused(refusal('denied', 'api/erase', why))
      }
      const result = await ports.erase(request.body, identity.subject.id)
      if (result.kind === 'open') throw stillOpen(result.sessions)
      return { selector, sessions: result.sessions, keys: result.keys }
    })
  }
}

function selectorOf({ session, subject, label }: ErasureRequest): string {
  if (session !== undefined) return `session=${session}`
  return subject === undefined ? `label=${label ?? ''}` : `subject=${subject}`
}

const shownMax = 5

function stillOpen(sessions: readonly string[]): Conflict {
  const shown = sessions.slice(0, shownMax).join(', ')
  const more = sessions.length > shownMax ? ` and ${sessions.length - shownMax} more` : ''
  return new Conflict(`End these sessions first: ${shown}${more}. Nothing was erased.`, { sessions })
}
