import { resolve } from 'node:path'
import type { Clock } from '@sluice/core'
import { algorithms as knownAlgorithms, defaultAlgorithms, isAlgorithm, type Algorithm } from './algorithm.ts'
import { isTrustworthyUrl } from './issuer-document.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { IssuerTally } from './issuer-state.ts'
import type { GroupMapping } from './mapping.ts'
import type { ConsoleClient } from './sign-in/oidc-client.ts'
import { strangersAdmitted } from './public-issuers.ts'

/** One `identity.issuers` entry of the configuration. */
export interface IssuerConfig {
  /** Short name, the first half of each subject id. */
  readonly name: string
  readonly kind: 'oidc'
  /** Exactly the `iss` of its tokens. With `tenants`, `{tenantid}` stands for each of them. */
  readonly issuer: string
  /** Directories of a multi-tenant issuer (Entra). Each is an issuer of its own, named `name/tenant`. */
  readonly tenants?: readonly string[]
  /** File with its keys (a JWK set), where it publishes none that the gateway could fetch. */
  readonly jwks_file?: string
  /** One of a token's `aud`. */
  readonly audience: string
  /** Default `groups`; with `mappings` there is no default. */
  readonly groups_claim?: string
  /** Groups by claims. With them a token that no rule fits is refused. */
  readonly mappings?: readonly GroupMapping[]
  /** Default `defaultAlgorithms`. */
  readonly algorithms?: readonly string[]
  /** When given, a token must name one of them as `azp` or `client_id`. */
  readonly authorized_parties?: readonly string[]
  /** Claim that says `human` or `service`. Without it everybody is a service, who can approve nothing. */
  readonly type_claim?: string
  /** Claims that policies see, besides `client_id`. They must fit into a gateway token. */
  readonly claims?: readonly string[]
  /** How browsers sign in there; without it they do not. */
  readonly console?: ConsoleClient
}

/** An issuer as tokens are checked against it. */
export interface Issuer {
  readonly name: string
  readonly url: string
  readonly audience: string
  /** Its tokens must name it as `tid`. */
  readonly tenant: string | null
  /** `null`: groups come from mappings alone. */
  readonly groupsClaim: string | null
  readonly mappings: readonly GroupMapping[] | null
  readonly algorithms: readonly Algorithm[]
  readonly authorizedParties: readonly string[] | null
  readonly typeClaim: string | null
  readonly claims: readonly string[]
  readonly keys: IssuerKeys
  readonly tally: IssuerTally
}

export type SubjectTerms = Pick<Issuer, 'groupsClaim' | 'mappings' | 'typeClaim' | 'claims'>

/** The configuration names an issuer that cannot be trusted with anything. */
export class IssuerConfigError extends Error {
  constructor(name: string, what: string) {
    super(`issuer ${name}: ${what}`)
    this.name = 'IssuerConfigError'
  }
}

/** Throws `IssuerConfigError`. */
export function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name))
    throw new IssuerConfigError(name, 'a name is lower-case letters, digits, _ and -')
}

/** Throws `IssuerConfigError`. */
export function checkMappings({ name, mappings }: Pick<IssuerConfig, 'name' | 'mappings'>): void {
  if (mappings?.length === 0 || mappings?.some(({ when }) => Object.keys(when).length === 0) === true)
    throw new IssuerConfigError(name, 'each mapping needs a claim to ask for, and there must be one')
}

/** How claims become subjects, of issuers of any kind. */
export function subjectTerms(
  config: Pick<IssuerConfig, 'groups_claim' | 'mappings' | 'type_claim' | 'claims'>,
): SubjectTerms {
  const mappings = config.mappings ?? null
  return {
    groupsClaim: config.groups_claim ?? (mappings === null ? 'groups' : null),
    mappings,
    typeClaim: config.type_claim ?? null,
    claims: config.claims ?? [],
  }
}

/**
 * By `iss`. Nothing is fetched yet: an issuer that is down at start is asked when its first token comes. `base`: where
 * relative files start.
 */
export function openIssuers(
  configs: readonly IssuerConfig[],
  clock: Clock,
  base = '.',
): ReadonlyMap<string, Issuer> {
  const issuers = new Map<string, Issuer>()
  const names = new Set<string>()
  for (const issuer of configs.flatMap((config) =>
    tenantsOf(config).map((one) => opened(one, clock, base)),
  )) {
    if (issuers.has(issuer.url) || names.has(issuer.name))
      throw new IssuerConfigError(issuer.name, 'its name and its URL must be its own')
    issuers.set(issuer.url, issuer)
    names.add(issuer.name)
  }
  return issuers
}

interface Tenancy extends IssuerConfig {
  readonly tenant: string | null
}

const placeholder = '{tenantid}'

/** One issuer for each listed tenant, so that `iss`, keys and `tid` are checked exactly: nobody else's directory fits. */
function tenantsOf(config: IssuerConfig): readonly Tenancy[] {
  const { name, issuer, tenants } = config
  checkName(name)
  if (tenants === undefined) return [{ ...config, tenant: null }]
  if (!/^https?:\/\/[^/{}]+\/[^{}]*\{tenantid\}[^{}]*$/.test(issuer))
    throw new IssuerConfigError(name, `with tenants its URL has ${placeholder} once, in its path`)
  const unusual = tenants.find((tenant) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenant))
  if (unusual !== undefined || tenants.length === 0)
    throw new IssuerConfigError(
      name,
      'tenants are ids of directories, in lower case: 8-4-4-4-12 hexadecimal digits',
    )
  return tenants.map((tenant) => ({
    ...config,
    name: `${name}/${tenant}`,
    issuer: issuer.replace(placeholder, tenant),
    tenant,
  }))
}

function opened(config: Tenancy, clock: Clock, base: string): Issuer {
  const { name, issuer: url, tenant } = config
  if (config.audience === '') throw new IssuerConfigError(name, 'audience is empty')
  if (!isTrustworthyUrl(url))
    throw new IssuerConfigError(name, 'the URL must be https, or http on this machine, without query')
  const algorithms = config.algorithms ?? defaultAlgorithms
  const unknown = algorithms.find((algorithm) => !isAlgorithm(algorithm))
  if (unknown !== undefined || algorithms.length === 0)
    throw new IssuerConfigError(name, `algorithms must be of ${knownAlgorithms.join(', ')}`)
  checkMappings(config)
  const admitted = strangersAdmitted(url, config.mappings ?? null)
  if (admitted !== null) throw new IssuerConfigError(name, admitted)
  const file = config.jwks_file === undefined ? null : resolve(base, config.jwks_file)
  return {
    name,
    url,
    audience: config.audience,
    tenant,
    algorithms: algorithms.filter(isAlgorithm),
    authorizedParties: config.authorized_parties ?? null,
    ...subjectTerms(config),
    keys: new IssuerKeys(url, clock, { tenant, file }),
    tally: new IssuerTally(clock),
  }
}
