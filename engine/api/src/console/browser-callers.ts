import type { FastifyInstance, FastifyRequest } from 'fastify'
import { byToken, type Identity } from '@sluice/core'
import { callAs } from '../caller.ts'
import { checkOrigin, inSession, sessionOf, type BrowserSession } from './browser-session.ts'
import type { ConsolePorts } from './ports.ts'

/**
 * Every resource knows who is signed in at a browser. A request with an Authorization header has nothing to do with
 * cookies, whatever it sends besides; so programs are who their token says and nobody else.
 */
export function browserCallers(app: FastifyInstance, ports: ConsolePorts): void {
  app.addHook('onRequest', async (request) => {
    if (request.headers.authorization !== undefined) return
    const session = sessionOf(request, ports)
    if (session !== undefined) callAs(request, callerOf(request, session, ports))
  })
}

async function callerOf(
  request: FastifyRequest,
  session: BrowserSession,
  { authenticator, publicUrl }: ConsolePorts,
): Promise<Identity> {
  checkOrigin(request, session, publicUrl())
  return inSession(await authenticator.authenticate(byToken(session.token)), session)
}
