import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused, type Clock, type Grants, type Subject, type Targets } from '@sluice/core'
import { inTurn } from './in-turn.ts'
import { unusable } from './policies.ts'
import { Unusable } from './policy-draft.ts'
import { canSchema, explainSchema } from './policy-question-schema.ts'
import type { PolicyQuestions, Whom } from './policy-question.ts'
import { callerAs, type RolePorts } from './roles.ts'
import type { SessionRecords } from './session-records.ts'

export interface QuestionPorts extends RolePorts {
  readonly questions: PolicyQuestions
  readonly records: Pick<SessionRecords, 'search'>
  readonly targets: Pick<Targets, 'find'>
  readonly grants: Pick<Grants, 'of'>
  readonly clock: Pick<Clock, 'now'>
}

interface ExplainRequest {
  readonly Querystring: { readonly session: string; readonly exchange: string; readonly revision?: string }
}

interface CanRequest {
  readonly Querystring: {
    readonly target: string
    readonly subject?: string
    readonly groups?: string
    readonly type: Subject['type']
  }
}

/** So many sessions are read to know what somebody does, and what there is at a target. */
const sessionsRead = 20
/** Each takes a compiler, or threads of its own, from a gateway that has others to serve. */
const waitingMax = 8

/** Why something was decided, and what would be: for who may read policies. */
export function policyQuestions(ports: QuestionPorts): FastifyPluginAsync {
  const { questions, records, targets } = ports
  const alone = inTurn(waitingMax, 'Others ask about policies as well: try again in a moment.')
  return async (app) => {
    app.get<ExplainRequest>('/v1/policies/explain', { schema: explainSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      const { session, exchange, revision } = request.query
      const explained = await alone(() => questions.explain(revision ?? null, session, exchange)).catch(told)
      if (explained === null)
        throw unknown(
          'No policies decided on an exchange of these ids, or the log does not hold those that did.',
        )
      return explained
    })

    app.get<CanRequest>('/v1/policies/can', { schema: canSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      const whom = whomOf(request.query, ports)
      const target = targets.find(request.query.target)
      if (target === undefined) throw unknown('This gateway serves no target of that name.')
      const sessionsOf = (wanted: { readonly subject?: string; readonly target?: string }) =>
        records
          .search({ ...wanted, sort: 'opened', order: 'descending', last: sessionsRead })
          .sessions.map(({ id }) => id)
      const { name } = target
      const theirs =
        whom.kind === 'groups'
          ? []
          : // Whoever was never here was perhaps elsewhere: that says who they are.
            [
              ...sessionsOf({ subject: whom.id, target: name }),
              ...sessionsOf({ subject: whom.id }).slice(0, 1),
            ]
      const answer = await alone(() =>
        questions.can({ whom, target, theirs, anybodys: sessionsOf({ target: name }) }),
      )
      if (answer === null) throw unknown('The record knows no such subject. Name groups instead.')
      return answer
    })
  }
}

function told(error: unknown): never {
  if (!(error instanceof Unusable)) throw error
  const findings = error.findings.map(({ file, row, message }) => `${file}:${row}: ${message}`)
  throw unusable('This version cannot compile those policies', findings.join('\n'))
}

function whomOf(
  { subject, groups, type, target }: CanRequest['Querystring'],
  { grants, clock }: QuestionPorts,
): Whom {
  if ((subject === undefined) === (groups === undefined))
    throw new Refused(refusal('malformed', 'api/policy', 'Name a subject, or groups.'))
  if (subject !== undefined) {
    const given = grants.of({ id: subject, on_behalf_of: null }, target, clock.now())
    return { kind: 'subject', id: subject, grants: given }
  }
  const named = (groups ?? '').split(',').map((group) => group.trim())
  return { kind: 'groups', groups: named.filter((group) => group !== ''), type }
}

function unknown(message: string): Refused {
  return new Refused(refusal('target_unknown', 'api/policy', message))
}
