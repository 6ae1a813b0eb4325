import type { FastifyInstance, FastifyReply } from 'fastify'
import { Refused, StoreError, type RefusalCode } from '@sluice/core'

const statusOf: Readonly<Record<RefusalCode, number>> = {
  denied: 403,
  pending: 403,
  malformed: 400,
  too_large: 413,
  too_many: 429,
  token_refused: 401,
  token_expired: 401,
  target_unknown: 404,
  target_unreachable: 502,
  recogniser_unavailable: 502,
  log_unavailable: 503,
  policy_error: 403,
  cancelled: 409,
  draining: 503,
  internal: 500,
}

/** Every error leaves as RFC 9457 problem+json: what happened, and never a stack. */
export function problems(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, _request, reply) => sendError(error, reply))
  app.setNotFoundHandler((request, reply) =>
    send(
      {
        status: 404,
        code: 'not_found',
        detail: `There is no ${request.method} ${pathOf(request.url)} here.`,
      },
      reply,
    ),
  )
}

interface Described {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly more?: object
}

/** What is asked does not fit what is so by now; `more` says what that is. */
export class Conflict extends Error {
  readonly more: object
  constructor(message: string, more: object = {}) {
    super(message)
    this.name = 'Conflict'
    this.more = more
  }
}

/** What was sent cannot be used; `more` says which parts of it. */
export class Unfit extends Error {
  readonly more: object
  constructor(message: string, more: object) {
    super(message)
    this.name = 'Unfit'
    this.more = more
  }
}

export function sendError(error: unknown, reply: FastifyReply): FastifyReply {
  const found = described(error)
  if (found.status === 401) reply.header('www-authenticate', 'Bearer')
  return send(found, reply)
}

function send({ status, code, detail, more }: Described, reply: FastifyReply): FastifyReply {
  return reply
    .status(status)
    .type('application/problem+json')
    .send({ type: `https://sluice.dev/problems/${code}`, title: code, status, detail, ...more })
}

function pathOf(url: string): string {
  return url.split('?')[0] ?? ''
}

/** What fastify says of a request that it does not take. */
interface RequestError {
  readonly statusCode?: number
  readonly message?: string
  readonly validationContext?: string
  readonly validation?: readonly {
    readonly keyword?: string
    readonly params: { readonly additionalProperty?: string; readonly pattern?: string }
  }[]
}

function described(error: unknown): Described {
  if (error instanceof Refused) {
    const { code, message } = error.refusal
    return { status: statusOf[code], code, detail: message }
  }
  if (error instanceof Conflict)
    return { status: 409, code: 'conflict', detail: error.message, more: error.more }
  if (error instanceof Unfit)
    return { status: 400, code: 'malformed', detail: error.message, more: error.more }
  if (error instanceof StoreError)
    return {
      status: statusOf.log_unavailable,
      code: 'log_unavailable',
      detail: 'Sluice cannot read or write its record now. Try again later.',
    }
  const { statusCode, message, validation, validationContext } = error as RequestError
  const [, prefix] = /^\^([a-z]{3})_/.exec(validation?.[0]?.params.pattern ?? '') ?? []
  // A pattern tells people nothing.
  if (validationContext === 'params' && prefix !== undefined)
    return {
      status: 400,
      code: 'bad_request',
      detail: `An id here is ${prefix}_ and 26 capital letters and digits.`,
    }
  const stranger = validation?.[0]?.params.additionalProperty
  if (stranger !== undefined)
    return { status: 400, code: 'bad_request', detail: `There is no parameter "${stranger}".` }
  if (statusCode === statusOf.too_many)
    return { status: 429, code: 'too_many', detail: message ?? 'Too many requests.' }
  if (statusCode !== undefined && statusCode < 500)
    return { status: statusCode, code: 'bad_request', detail: message ?? 'The request is not valid.' }
  return { status: 500, code: 'internal', detail: 'The gateway could not answer this request.' }
}
