import type { FastifyError, FastifyPluginAsync } from 'fastify'
import { limits, refusal, Refused, type Clock, type Ids } from '@sluice/core'
import { caller } from './caller.ts'
import {
  checkSchema,
  evaluateSchema,
  filesSchema,
  jobSchema,
  jobStartSchema,
  jobStopSchema,
  testSchema,
} from './policy-draft-schema.ts'
import { inTurn } from './in-turn.ts'
import { sentFiles, sizeTold, unknownRevision } from './policies.ts'
import { sendError } from './problem.ts'
import { callerAs, type RolePorts } from './roles.ts'
import { Unusable, type Draft, type PolicyDrafts } from './policy-draft.ts'
import { WhatIfJobs } from './what-if-jobs.ts'

export interface DraftPorts extends RolePorts {
  readonly drafts: PolicyDrafts
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
}

interface Sent {
  readonly files?: Readonly<Record<string, string>>
  readonly revision?: string
}

interface FilesRequest {
  readonly Params: { readonly revision: string }
}

interface TestRequest {
  readonly Body: { readonly files: Readonly<Record<string, string>>; readonly filter?: string }
}

interface EvaluateRequest {
  readonly Body: Sent & { readonly session: string; readonly exchange: string }
}

interface JobRequest {
  readonly Body: Sent & { readonly since_ms?: number; readonly until_ms?: number; readonly target?: string }
}

interface OneJob {
  readonly Params: { readonly id: string }
}

/** Policies before they are in force: for admins, one question at a time, since each compiles. */
export function policyDrafts(ports: DraftPorts): FastifyPluginAsync {
  const { drafts } = ports
  const jobs = new WhatIfJobs(ports)
  const alone = inTurn(0, 'Other policies are being compiled: try again.')
  const bodyLimit = limits.policyBundleBytesMax
  return async (app) => {
    app.addHook('onClose', async () => void jobs.close())
    app.setErrorHandler<FastifyError>((error, request, reply) => sendError(sizeTold(error, request), reply))
    // So much is read from nobody else.
    app.addHook('onRequest', async (request) => {
      if (request.method !== 'GET') await callerAs(request, ports, 'admin')
    })

    app.get<FilesRequest>('/v1/policies/:revision/files', { schema: filesSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      const { revision } = request.params
      const files = await drafts.files(revision)
      if (files === null) throw unknownRevision()
      return { revision, files }
    })

    app.post<TestRequest>('/v1/policies/check', { bodyLimit, schema: checkSchema }, async (request) => {
      const findings = await alone(() => drafts.check(sentFiles(request.body.files)))
      return { ok: findings.length === 0, findings }
    })

    app.post<TestRequest>('/v1/policies/test', { bodyLimit, schema: testSchema }, async (request) => {
      const { files, filter = '' } = request.body
      return found(() => alone(() => drafts.test(sentFiles(files), filter)))
    })

    app.post<EvaluateRequest>(
      '/v1/policies/evaluate',
      { bodyLimit, schema: evaluateSchema },
      async (request) => {
        const { session, exchange } = request.body
        const draft = draftOf(request.body)
        return found(async () => {
          const judged = await alone(() => drafts.evaluate(draft, session, exchange))
          if (judged === null) throw nothingDecided()
          return judged
        })
      },
    )

    app.post<JobRequest>('/v1/policies/what-if', { bodyLimit, schema: jobStartSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      const { since_ms: sinceMs = 0, until_ms: untilMs = ports.clock.now(), target } = request.body
      return jobs.ask(draftOf(request.body), { sinceMs, untilMs, target }, subject.id)
    })

    app.get<OneJob>('/v1/policies/what-if/:id', { schema: jobSchema }, async (request) => {
      await callerAs(request, ports, 'admin')
      return jobs.get(request.params.id)
    })

    app.delete<OneJob>('/v1/policies/what-if/:id', { schema: jobStopSchema }, async (request) =>
      jobs.stop(request.params.id),
    )
  }
}

/** What is wrong with the policies is an answer to what was asked of them. */
async function found(ask: () => Promise<object>): Promise<object> {
  try {
    return { ok: true, findings: [], ...(await ask()) }
  } catch (error) {
    if (error instanceof Unusable) return { ok: false, findings: error.findings }
    throw error
  }
}

function draftOf({ files, revision }: Sent): Draft {
  if (files !== undefined) return { files: sentFiles(files) }
  if (revision !== undefined) return { revision }
  throw new Refused(refusal('malformed', 'api/policy', 'Send the files, or name a revision of the log.'))
}

function nothingDecided(): Refused {
  const message = 'No policies decided on an exchange of these ids, or there is no such revision.'
  return new Refused(refusal('target_unknown', 'api/policy', message))
}
