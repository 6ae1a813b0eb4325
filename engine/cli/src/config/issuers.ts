import { systemClock } from '@sluice/core'
import {
  checkSamlIssuer,
  IssuerConfigError,
  openIssuers,
  type IssuerConfig,
  type SamlIssuerConfig,
} from '@sluice/identity'
import type { Config } from './config.ts'
import { consoleProblems } from './console.ts'
import type { Located } from './document.ts'
import { Entry } from './entry.ts'
import { ConfigError, type Problem } from './problem.ts'
import { keptBy, type SecretsConfig } from './secrets.ts'

/** An entry of the file: the keys that it may have depend on its kind. */
export type RawIssuer = IssuerConfig | SamlIssuerConfig

export interface Issuers {
  readonly issuers: readonly IssuerConfig[]
  readonly samlIssuers: readonly SamlIssuerConfig[]
}

const both = [
  'name',
  'kind',
  'issuer',
  'audience',
  'groups_claim',
  'mappings',
  'type_claim',
  'claims',
  'console',
]
const known = {
  oidc: [...both, 'tenants', 'jwks_file', 'algorithms', 'authorized_parties'],
  saml: [...both, 'sign_on_url', 'certificates', 'subject_claim'],
} as const

/**
 * Issuers that can be trusted as the file says. Opening asks nobody anything, so each mistake gets its place here.
 * `api`: where browsers reach it, which providers are told.
 */
export function issuersOf(
  document: Located,
  secrets: SecretsConfig,
  entries: readonly RawIssuer[],
  api: Pick<Config['api'], 'listen' | 'url'>,
): Issuers {
  const found: Problem[] = []
  const issuers: IssuerConfig[] = []
  const samlIssuers: SamlIssuerConfig[] = []
  const names = new Set<string>()
  for (const [index, raw] of entries.entries()) {
    const at = ['identity', 'issuers', index]
    const entry = new Entry(document, at, raw as Partial<SamlIssuerConfig>)
    entry.refuseOthersThan(known[raw.kind], `provider of ${raw.kind}`)
    if (names.has(raw.name)) entry.say('name', `is that of another issuer: ${raw.name}`)
    names.add(raw.name)
    if (raw.kind === 'saml') {
      entry.needed('sign_on_url')
      const certificates = entry.needed('certificates') ?? []
      if (api.url === null)
        entry.say('kind', 'saml needs api.url', 'the URL at which browsers reach this API')
      for (const [number, certificate] of certificates.entries())
        keptBy(document, secrets, [...at, 'certificates', number], certificate)
      samlIssuers.push(raw)
    } else issuers.push(raw)
    entry.problems.push(...consoleProblems(document, secrets, at, raw, api))
    if (entry.problems.length === 0) entry.problems.push(...objections(document, at, raw, issuers))
    found.push(...entry.problems)
  }
  if (found.length > 0) throw new ConfigError(found)
  return { issuers, samlIssuers }
}

function objections(
  document: Located,
  at: readonly (string | number)[],
  raw: RawIssuer,
  issuers: readonly IssuerConfig[],
): readonly Problem[] {
  try {
    if (raw.kind === 'saml') checkSamlIssuer(raw)
    else openIssuers(issuers, systemClock)
    return []
  } catch (error) {
    if (!(error instanceof IssuerConfigError)) throw error
    return [document.problem(at, error.message)]
  }
}
