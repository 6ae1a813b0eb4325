import type { FastifyReply } from 'fastify'

/**
 * Answers hold tokens and the record: no cache keeps them, no browser guesses what they are, shows them in a frame,
 * runs anything of them, or tells another site where it came from. A page says more of itself (`console/pages.ts`).
 */
const guards: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

export function guarded(reply: FastifyReply): FastifyReply {
  for (const [name, value] of Object.entries(guards)) if (!reply.hasHeader(name)) reply.header(name, value)
  return reply
}
