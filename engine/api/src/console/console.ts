import type { FastifyInstance } from 'fastify'
import { browserCallers } from './browser-callers.ts'
import { consolePages, peopleToPages } from './pages.ts'
import type { ConsolePorts } from './ports.ts'
import { session } from './session.ts'
import { signIn } from './sign-in.ts'

/**
 * The console's half of the gateway: its pages, signing in, and who is signed in. Before any resource, since all of them
 * ask who calls.
 */
export function browserConsole(app: FastifyInstance, ports: ConsolePorts): void {
  browserCallers(app, ports)
  if (ports.files !== null) peopleToPages(app)
  app.register(async (scope) => {
    signIn(scope, ports)
    session(scope, ports)
    consolePages(scope, ports.files)
  })
}
