import type { FastifyReply } from 'fastify'

/**
 * Answers hold tokens and the record: no cache keeps them, no browser guesses what they are, shows them in a frame,
 * runs anything of them, or tells another site where it came from.
 */
export function guarded(reply: FastifyReply): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-resource-policy', 'same-origin')
}
