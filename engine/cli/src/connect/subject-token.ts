import { readFile } from 'node:fs/promises'
import { systemClock } from '@sluice/core'
import { clientCredentials } from '../client-credentials.ts'
import { Unreachable, UsageError, type Io } from '../command.ts'
import { demoAccessToken, demoState } from '../demo-state.ts'
import { accessToken, loginFor } from '../login/access-token.ts'
import { exchangeToken, gatewayTokenPrefix, type GatewayToken } from '../token-exchange.ts'

export interface SubjectOptions {
  /** A subject of the demo. */
  readonly as: string | undefined
  /** A file with the provider's token, e.g. one that Kubernetes renews in place. */
  readonly file: string | undefined
  /** A login of `sluice login`. */
  readonly login: string | undefined
}

/** How to come by a gateway token, again and again, and in whose name for messages. */
export interface Subject {
  readonly by: string
  readonly obtain: () => Promise<GatewayToken>
}

/** Tokens that are good for this target alone, or for all. The first that is there: what the arguments say, the environment, who logged in, the demo's service. */
export async function subjectOf(
  options: SubjectOptions,
  target: string | null,
  api: string,
  io: Io,
): Promise<Subject> {
  const { as, file, login } = options
  const exchanging = (by: string, subjectToken: () => Promise<string>): Subject => ({
    by,
    obtain: async () => {
      const token = await subjectToken()
      // What a login gave was bound to nothing, and is not bound later.
      const isBindable = target !== null && !token.startsWith(gatewayTokenPrefix)
      return exchangeToken(api, token, isBindable ? { targets: [target] } : {})
    },
  })
  if (file !== undefined) return exchanging(file, async () => (await readFile(file, 'utf8')).trim())
  if (as === undefined && login === undefined) {
    const client = clientOf(io.env)
    if (client !== undefined) return exchanging('SLUICE_CLIENT_ID', client)
    const token = io.env['SLUICE_TOKEN']
    if (token?.startsWith(gatewayTokenPrefix) === true) return { by: 'SLUICE_TOKEN', obtain: once(token) }
    if (token !== undefined) return exchanging('SLUICE_TOKEN', async () => token)
  }
  const name = as === undefined ? await loginFor(io.env, login) : null
  if (name !== null) return exchanging(name, () => accessToken(io.env, name))
  return exchanging(as ?? 'langchain-reporting', await demoSubject(as, io))
}

async function demoSubject(as: string | undefined, io: Io): Promise<() => Promise<string>> {
  const demo = await demoState(io.env)
  if (demo === null) throw new Unreachable(as === undefined ? noSubject : noDemo)
  return () => demoAccessToken(demo, as ?? 'langchain-reporting')
}

const noDemo = '--as is for the demo, and none was started here: run npm start first'
const noSubject =
  'nobody is known to act as: run sluice login, set SLUICE_TOKEN, or SLUICE_TOKEN_URL with SLUICE_CLIENT_ID and ' +
  'SLUICE_CLIENT_SECRET, give --subject-token-file, or start the demo with: npm start'

/** A gateway token cannot be exchanged for another one: it serves as long as it lives. */
function once(token: string): () => Promise<GatewayToken> {
  return () => Promise.resolve({ token, lifeMs: Number.POSITIVE_INFINITY })
}

/** A service of a provider, by the client credentials grant. */
function clientOf(env: Io['env']): (() => Promise<string>) | undefined {
  const tokenUrl = env['SLUICE_TOKEN_URL']
  const clientId = env['SLUICE_CLIENT_ID']
  if (tokenUrl === undefined && clientId === undefined) return undefined
  const { SLUICE_CLIENT_SECRET: text, SLUICE_CLIENT_SECRET_FILE: file } = env
  if (tokenUrl === undefined || clientId === undefined || (text === undefined) === (file === undefined))
    throw new UsageError(
      'a service needs SLUICE_TOKEN_URL, SLUICE_CLIENT_ID, and either SLUICE_CLIENT_SECRET or SLUICE_CLIENT_SECRET_FILE',
    )
  const extra = { resource: env['SLUICE_RESOURCE'], audience: env['SLUICE_AUDIENCE'] }
  return clientCredentials(
    {
      tokenUrl,
      clientId,
      secret: async () => text ?? (await readFile(file ?? '', 'utf8')).trim(),
      scope: env['SLUICE_SCOPE'] ?? null,
      extra: Object.fromEntries(
        Object.entries(extra).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
      ),
      wantedBy: 'the gateway',
    },
    systemClock,
  )
}
