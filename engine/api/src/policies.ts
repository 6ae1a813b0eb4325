import type { FastifyError, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { limits, refusal, Refused, type Identity } from '@sluice/core'
import { caller } from './caller.ts'
import type { SentFiles } from './policy-draft.ts'
import { sendError } from './problem.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  flag,
  list,
  nullable,
  object,
  oneOf,
  options,
  text,
  type JsonSchema,
} from './schema.ts'

/** A policy revision that the log holds whole. */
export interface PolicyRevision {
  readonly revision: string
  /** When it came into force the last time, in milliseconds since 1970. */
  readonly time: number
  /** Who saw to that: a subject id, `file` for the watched folder, `gateway` for a newer version's compiler. */
  readonly by: string
  readonly reason: string
  readonly active: boolean
}

export interface PolicyView {
  /** The revision in force. */
  readonly active: string
  /** `differ`: somebody put another revision in force over the files, until these change. */
  readonly files: 'active' | 'differ' | 'rejected'
  /** The last files that could not be used, and why; `files` tells whether they still lie there. */
  readonly rejected: { readonly time: number; readonly errors: string } | null
  /** What another gateway activated and this one cannot use; `active` is in force here instead. */
  readonly unusable: { readonly revision: string; readonly errors: string } | null
  /** Newest first. */
  readonly revisions: readonly PolicyRevision[]
}

/** What became of policies at some gateway: a revision came into force, or something could not be used. */
export interface PolicyChange {
  readonly kind: 'activated' | 'rejected'
  /** `null`: files that did not become one. */
  readonly revision: string | null
  readonly gateway: string
  /** A subject id, `file` or `gateway`. */
  readonly by: string
  readonly reason: string
  /** Why it could not be used; empty where it was. */
  readonly errors: string
  readonly at_ms: number
}

/** By what one of several gateways judges, as it says. */
export interface PolicyAtGateway {
  readonly gateway: string
  /** `null`: it has not said so yet. */
  readonly revision: string | null
  readonly since_ms: number
  /** Why it does not judge by what was activated last; `null`: it does, or is about to. */
  readonly errors: string | null
}

/** What the log tells of the policies of all gateways, a little behind it. */
export interface PolicyRecords {
  /** Newest first. */
  list(last: number): readonly PolicyChange[]
  /** Those that are live; none where the log is one gateway's own. */
  gateways(): readonly PolicyAtGateway[]
}

/** What GET /v1/policies answers. */
export interface PolicyPage extends PolicyView {
  /** Newest first. */
  readonly history: readonly PolicyChange[]
  readonly gateways: readonly PolicyAtGateway[]
}

export type PolicyActivation =
  /** `revision` is another one when this version compiles the same sources differently. */
  | { readonly kind: 'activated'; readonly revision: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unusable'; readonly errors: string }

/** What the API shows and changes of the policies in force. */
export interface Policies {
  view(): PolicyView
  /** Durable and in force when it resolves. */
  activate(revision: string, by: Identity, reason: string): Promise<PolicyActivation>
  /** The files of a policy folder, by path, sorted. They must pass what those of the folder must. */
  activateFiles(
    files: SentFiles,
    by: Identity,
    reason: string,
  ): Promise<Exclude<PolicyActivation, { readonly kind: 'unknown' }>>
}

interface PolicyPorts extends RolePorts {
  readonly policies: Policies
  readonly policyRecords: PolicyRecords
}

interface ViewRequest {
  readonly Querystring: { readonly last: number }
}

interface ActivateRequest {
  readonly Params: { readonly revision: string }
  readonly Body: { readonly reason?: string }
}

const revision = object({ revision: text, time: count, by: text, reason: text, active: flag })
const files = oneOf('active', 'differ', 'rejected')

const change = object({
  kind: oneOf('activated', 'rejected'),
  revision: nullable(text),
  gateway: text,
  by: text,
  reason: text,
  errors: text,
  at_ms: count,
})
const gateway = object({ gateway: text, revision: nullable(text), since_ms: count, errors: nullable(text) })

const viewSchema = {
  summary: 'The policies in force here and at other gateways, what was in force, and what could not be used',
  querystring: options({
    last: { type: 'integer', minimum: 1, maximum: 1_000, default: 100, description: 'Of the history.' },
  }),
  response: answers(
    object({
      active: text,
      files,
      rejected: nullable(object({ time: count, errors: text })),
      unusable: nullable(object({ revision: text, errors: text })),
      revisions: list(revision),
      history: list(change),
      gateways: list(gateway),
    }),
    403,
  ),
} as const

export const revisionName: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{32}$' }

const activateSchema = {
  summary: 'Put a revision of the log in force again',
  response: answers(object({ revision: text, requested: text, files }), 403, 404, 409, 503),
  params: {
    type: 'object',
    properties: { revision: revisionName },
  },
  body: {
    type: 'object',
    additionalProperties: false,
    properties: { reason: { type: 'string', maxLength: 500 } },
  },
} as const

interface SendRequest {
  readonly Body: { readonly files: Readonly<Record<string, string>>; readonly reason?: string }
}

/** As in a policy folder: Rego, tables of cases, and one data.json. */
const fileName = '^(?:(?!\\.)[\\w.-]+/)*(?!\\.)(?:[\\w.-]+(?:\\.rego|\\.cases\\.yaml)|data\\.json)$'

export const policyFiles: JsonSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 2_000,
  propertyNames: { pattern: fileName, maxLength: 500 },
  additionalProperties: { type: 'string' },
}

const sendSchema = {
  summary: 'Put other policies in force: they are checked, tested and built first',
  response: answers(object({ revision: text, files }), 403, 409, 413, 503),
  body: {
    type: 'object',
    required: ['files'],
    additionalProperties: false,
    properties: {
      files: policyFiles,
      reason: { type: 'string', maxLength: 500 },
    },
  },
} as const

/**
 * GET /v1/policies: what is in force, what was, and what could not be used.
 * POST /v1/policies: puts the policies that are sent in force.
 * POST /v1/policies/{revision}/activate: puts any revision of the log in force again.
 */
export function policies(ports: PolicyPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<ViewRequest>('/v1/policies', { schema: viewSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      return {
        ...ports.policies.view(),
        history: ports.policyRecords.list(request.query.last),
        gateways: ports.policyRecords.gateways(),
      }
    })

    app.post<SendRequest>(
      '/v1/policies',
      {
        schema: sendSchema,
        bodyLimit: limits.policyBundleBytesMax,
        errorHandler: (error, request, reply) => void sendError(sizeTold(error, request), reply),
        // So much is read from nobody else.
        onRequest: async (request) => void (await callerAs(request, ports, 'admin')),
      },
      async (request) => {
        const identity = await caller(request, ports.authenticator)
        const { files, reason = '' } = request.body
        const done = await ports.policies.activateFiles(sentFiles(files), identity, reason)
        if (done.kind === 'unusable') throw unusable('These policies cannot be used', done.errors)
        return { revision: done.revision, files: ports.policies.view().files }
      },
    )

    app.post<ActivateRequest>(
      '/v1/policies/:revision/activate',
      { schema: activateSchema },
      async (request) => {
        const identity = await callerAs(request, ports, 'admin')
        const { revision } = request.params
        const done = await ports.policies.activate(revision, identity, request.body.reason ?? '')
        switch (done.kind) {
          case 'activated':
            return { revision: done.revision, requested: revision, files: ports.policies.view().files }
          case 'unknown':
            throw unknownRevision()
          case 'unusable':
            throw unusable('This revision cannot be used', done.errors)
        }
      },
    )
  }
}

export function sentFiles(files: Readonly<Record<string, string>>): SentFiles {
  const sorted = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([name, content]) => [name, Buffer.from(content)]))
}

export function unknownRevision(): Refused {
  return new Refused(
    refusal('target_unknown', 'api/policy', 'The log holds no policy revision of this name.'),
  )
}

/** The server only says that there was too much of it. */
export function sizeTold(error: FastifyError, { headers }: FastifyRequest): Error {
  if (error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return error
  const sent = headers['content-length']
  const bytes = sent === undefined ? 'more' : `${sent} bytes`
  const most = `at most ${limits.policyBundleBytesMax} bytes of JSON have room in the log`
  return new Refused(
    refusal('too_large', 'api/policy', `These policies are too large: ${bytes}, where ${most}.`),
  )
}

export function unusable(what: string, errors: string): Error {
  return Object.assign(new Error(`${what}: ${errors}`), { statusCode: 409 })
}
