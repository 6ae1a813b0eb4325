import type { ConsoleClient } from '@sluice/identity'
import { hostOf } from './address.ts'
import type { Config } from './config.ts'
import type { Located, Path } from './document.ts'
import { Entry, isLoopback } from './entry.ts'
import type { RawIssuer } from './issuers.ts'
import type { Problem } from './problem.ts'
import { keptBy, type SecretsConfig } from './secrets.ts'

const known = {
  oidc: ['client_id', 'client_secret', 'label', 'scope', 'resource', 'audience'],
  saml: ['label'],
} as const

/** How people sign in at one issuer: what is wrong with it, before a browser finds out. */
export function consoleProblems(
  document: Located,
  secrets: SecretsConfig,
  at: Path,
  raw: RawIssuer,
  api: Pick<Config['api'], 'listen' | 'url'>,
): readonly Problem[] {
  if (raw.console === undefined) return []
  const place = [...at, 'console']
  const entry = new Entry<Partial<ConsoleClient>>(document, place, raw.console)
  entry.refuseOthersThan(known[raw.kind], `console of a provider of ${raw.kind}`)
  if (raw.kind === 'saml') return entry.problems
  const wrong = (what: string, hint: string | null = null): void =>
    void entry.problems.push(document.problem(place, `${place.join('.')} ${what}`, hint))
  entry.needed('client_id')
  const { client_secret: secret, scope } = raw.console
  if (secret !== undefined) keptBy(document, secrets, [...place, 'client_secret'], secret)
  if (scope !== undefined && !scope.split(' ').includes('openid')) entry.say('scope', 'lacks openid')
  if (raw.tenants !== undefined)
    wrong('is for one directory', 'give each tenant that signs in an issuer of its own')
  if (raw.jwks_file !== undefined) wrong('needs an issuer that the gateway reaches, without jwks_file')
  const problem = publicProblem(api)
  if (problem !== null) wrong(...problem)
  return entry.problems
}

/** Browsers keep sessions for one host, and send them over TLS, or nowhere else than to this machine. */
function publicProblem({ listen, url }: Pick<Config['api'], 'listen' | 'url'>): [string, string] | null {
  if (url === null)
    return isLoopback(listen.host) ? null : ['needs api.url', 'the URL at which browsers reach this API']
  const { protocol, pathname, search, hash } = new URL(url)
  if (protocol !== 'https:' && !isLoopback(hostOf(new URL(url))))
    return ['needs TLS', 'api.url must begin with https:// (http:// is for this machine)']
  return pathname === '/' && search === '' && hash === ''
    ? null
    : ['needs the root of a host', 'api.url must end behind host and port']
}
