import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticator } from '@sluice/core'
import type { ApiBounds } from './bounds.ts'
import { whoCalls } from './caller.ts'

/**
 * How often somebody may ask. A verified subject has a budget of its own, whatever its address; who names nobody
 * shares that of the address, so that tokens cannot be guessed quickly.
 */
export function rates(
  app: FastifyInstance,
  authenticator: Authenticator,
  { subjectPerMinute, addressPerMinute }: ApiBounds,
): void {
  app.register(rateLimit, {
    global: true,
    timeWindow: 60_000,
    keyGenerator: (request) => keyOf(request, authenticator),
    max: (_request, key) => (key.startsWith(subject) ? subjectPerMinute : addressPerMinute),
    errorResponseBuilder: (_request, { after }) =>
      Object.assign(new Error(`Too many requests: try again in ${after}.`), { statusCode: 429 }),
  })
}

const subject = 'subject '

async function keyOf(request: FastifyRequest, authenticator: Authenticator): Promise<string> {
  try {
    return `${subject}${(await whoCalls(request, authenticator)).subject.id}`
  } catch {
    return `address ${request.ip}`
  }
}
