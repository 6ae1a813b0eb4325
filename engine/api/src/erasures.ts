import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused, selectorText, type Because, type LegalHold, type Selector } from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { Conflict } from './problem.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import { answers, count, object, text, type RouteSchema } from './schema.ts'
import { selectedBody, selectorOf, type Selected } from './selected.ts'

export type ErasureResult =
  | { readonly kind: 'erased'; readonly sessions: number; readonly keys: number }
  /** These sessions are open. */
  | { readonly kind: 'open'; readonly sessions: readonly string[] }
  /** These forbid it. */
  | { readonly kind: 'held'; readonly holds: readonly LegalHold[] }

export interface ErasurePorts extends RolePorts, ActedPorts {
  readonly erase: (selector: Selector, because: Because) => Promise<ErasureResult>
}

const schema: RouteSchema = {
  summary: 'Make content unreadable for good; the events stay, and their chains',
  body: selectedBody,
  response: answers(object({ selector: text, sessions: count, keys: count }), 403, 409, 503),
}

/** POST /v1/erasures, for admins: the whole log is read for it, so it takes its time. */
export function erasures(ports: ErasurePorts): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: Selected & { readonly reason: string } }>(
      '/v1/erasures',
      { schema },
      async (request) => {
        const identity = await caller(request, ports.authenticator)
        const selector = selectorOf(request.body)
        const resource = selectorText(selector)
        if (!rolesOf(identity.subject, ports.roles).has('admin')) {
          const why = 'Only an admin may erase content.'
          acted(ports, identity, { action: 'audit.erase', resource, outcome: 'refused', details: { why } })
          throw new Refused(refusal('denied', 'api/erase', why))
        }
        const because = { by: identity.subject.id, reason: request.body.reason.toWellFormed() }
        const result = await ports.erase(selector, because)
        switch (result.kind) {
          case 'open':
            throw stillOpen(result.sessions)
          case 'held':
            throw held(result.holds)
          case 'erased':
            return { selector: resource, sessions: result.sessions, keys: result.keys }
        }
      },
    )
  }
}

const shownMax = 5

function stillOpen(sessions: readonly string[]): Conflict {
  return new Conflict(`End these sessions first: ${few(sessions)}. Nothing was erased.`, { sessions })
}

function held(holds: readonly LegalHold[]): Conflict {
  const ids = holds.map(({ id }) => id)
  const which = few(holds.map(({ id, text: of, reason: why }) => `${id} on ${of} (${why})`))
  return new Conflict(
    `A legal hold forbids it: ${which}. Nothing was erased. When it may go: sluice audit release <id> --reason <text>`,
    { holds: ids },
  )
}

function few(all: readonly string[]): string {
  const more = all.length > shownMax ? ` and ${all.length - shownMax} more` : ''
  return `${all.slice(0, shownMax).join(', ')}${more}`
}
