import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refusal, Refused, type Clock, type Identity, type Ids } from '@sluice/core'
import { acted, actedFirst, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { isoTime } from './iso-time.ts'
import { callerAs, rolesOf, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  flag,
  idOf,
  list,
  noBody,
  nullable,
  object,
  oneOf,
  text,
  time,
  type RouteSchema,
} from './schema.ts'
import { VerificationJobs, type VerificationJob, type VerifyLog } from './verification-jobs.ts'

/** What is known of whether the record is whole. */
export interface VerificationPage {
  /** Newest first; since the start of the gateway that answers. */
  readonly verifications: readonly VerificationJob[]
  /** Where else it is kept how far the log went. */
  readonly checkpoints: readonly CheckpointLine[]
}

export interface CheckpointLine {
  readonly name: string
  /** `null`: nothing since the start. */
  readonly kept_at: string | null
  readonly trouble: string | null
}

/** Where the log is kept, and how it is read once more. */
export interface RecordPorts {
  readonly verify: VerifyLog
  readonly outlets: () => readonly {
    readonly name: string
    /** Milliseconds since 1970. */
    readonly keptMs: number | null
    readonly trouble: string | null
  }[]
}

interface VerificationPorts extends RolePorts, ActedPorts {
  readonly record: RecordPorts
  readonly clock: Clock
  readonly ids: Ids
}

interface OneJob {
  readonly Params: { readonly id: string }
}

const job = object({
  id: text,
  state: oneOf('running', 'done', 'failed', 'stopped'),
  by: text,
  started_at: time,
  ended_at: nullable(time),
  events: count,
  percent: count,
  report: nullable(
    object({
      ok: flag,
      events: count,
      streams: count,
      unknown: count,
      removed: count,
      findings: list(
        object({ segment: text, offset: count, stream: nullable(text), seq: nullable(count), what: text }),
      ),
    }),
  ),
  error: nullable(text),
})

const pageSchema: RouteSchema = {
  summary:
    'Whether the record is whole, as this gateway found out lately, and where else checkpoints are kept',
  response: answers(
    object({
      verifications: list(job),
      checkpoints: list(object({ name: text, kept_at: nullable(time), trouble: nullable(text) })),
    }),
    403,
  ),
}

const startSchema: RouteSchema = {
  summary: 'Have the gateway read the whole log and check its chains and signatures, one at a time',
  description:
    'A gateway that is not to be trusted is no witness of itself: `sluice audit verify` reads the log without any.',
  body: noBody,
  response: answers(job, 403, 503),
}

const oneSchema: RouteSchema = {
  summary: 'One verification',
  params: idOf('ver'),
  response: answers(job, 403, 404),
}

const stopSchema: RouteSchema = {
  summary: 'Stop one that runs',
  params: idOf('ver'),
  response: answers(job, 403, 404),
}

/** /v1/verifications: auditors start and stop them, admins see them as well. */
export function verifications(ports: VerificationPorts): FastifyPluginAsync {
  const jobs = new VerificationJobs({ ...ports, verify: ports.record.verify })
  return async (app) => {
    app.addHook('onClose', () => jobs.close())

    app.get('/v1/verifications', { schema: pageSchema }, async (request): Promise<VerificationPage> => {
      await callerAs(request, ports, 'admin', 'auditor')
      return { verifications: jobs.list(), checkpoints: ports.record.outlets().map(checkpointLine) }
    })

    app.get<OneJob>('/v1/verifications/:id', { schema: oneSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      return jobs.get(request.params.id)
    })

    app.post('/v1/verifications', { schema: startSchema }, async (request) => {
      const identity = await auditor(request, ports)
      jobs.refuseBusy()
      await actedFirst(ports, identity, { ...act, outcome: 'done', details: {} })
      return jobs.verify(identity.subject.id)
    })

    app.delete<OneJob>('/v1/verifications/:id', { schema: stopSchema }, async (request) => {
      await auditor(request, ports)
      return jobs.stop(request.params.id)
    })
  }
}

const act = { action: 'audit.verify', resource: 'log' } as const

/** It costs the machine something: what others try is recorded, and refused. */
async function auditor(request: FastifyRequest, ports: VerificationPorts): Promise<Identity> {
  const identity = await caller(request, ports.authenticator)
  if (rolesOf(identity.subject, ports.roles).has('auditor')) return identity
  const why = 'Only an auditor may have the record verified.'
  acted(ports, identity, { ...act, outcome: 'refused', details: { why } })
  throw new Refused(refusal('denied', 'api/verification', why))
}

function checkpointLine({
  name,
  keptMs,
  trouble,
}: ReturnType<RecordPorts['outlets']>[number]): CheckpointLine {
  return { name, kept_at: keptMs === null ? null : isoTime(keptMs), trouble }
}
