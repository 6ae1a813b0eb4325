import type { Clock } from '@sluice/core'
import { algorithms as knownAlgorithms, defaultAlgorithms, isAlgorithm, type Algorithm } from './algorithm.ts'
import { isTrustworthyUrl } from './issuer-document.ts'
import { IssuerKeys } from './issuer-keys.ts'

/** One `identity.issuers` entry of the configuration. */
export interface IssuerConfig {
  /** Short name, the first half of each subject id. */
  readonly name: string
  readonly kind: 'oidc'
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string
  /** One of a token's `aud`. */
  readonly audience: string
  /** Default `groups`. */
  readonly groups_claim?: string
  /** Default `defaultAlgorithms`. */
  readonly algorithms?: readonly string[]
  /** When given, a token must name one of them as `azp` or `client_id`. */
  readonly authorized_parties?: readonly string[]
  /** Claim that says `human` or `service`. Without it everybody is a service, who can approve nothing. */
  readonly type_claim?: string
  /** Claims that policies see, besides `client_id`. They must fit into a gateway token. */
  readonly claims?: readonly string[]
}

/** An issuer as tokens are checked against it. */
export interface Issuer {
  readonly name: string
  readonly url: string
  readonly audience: string
  readonly groupsClaim: string
  readonly algorithms: readonly Algorithm[]
  readonly authorizedParties: readonly string[] | null
  readonly typeClaim: string | null
  readonly claims: readonly string[]
  readonly keys: IssuerKeys
}

/** The configuration names an issuer that cannot be trusted with anything. */
export class IssuerConfigError extends Error {
  constructor(name: string, what: string) {
    super(`issuer ${name}: ${what}`)
    this.name = 'IssuerConfigError'
  }
}

/** By `iss`. Nothing is fetched yet: an issuer that is down at start is asked when its first token comes. */
export function openIssuers(configs: readonly IssuerConfig[], clock: Clock): ReadonlyMap<string, Issuer> {
  const issuers = new Map<string, Issuer>()
  const names = new Set<string>()
  for (const config of configs) {
    const issuer = opened(config, clock)
    if (issuers.has(issuer.url) || names.has(issuer.name))
      throw new IssuerConfigError(config.name, 'its name and its URL must be its own')
    issuers.set(issuer.url, issuer)
    names.add(issuer.name)
  }
  return issuers
}

function opened(config: IssuerConfig, clock: Clock): Issuer {
  const { name, issuer: url } = config
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name))
    throw new IssuerConfigError(name, 'a name is lower-case letters, digits, _ and -')
  if (config.audience === '') throw new IssuerConfigError(name, 'audience is empty')
  if (!isTrustworthyUrl(url))
    throw new IssuerConfigError(name, 'the URL must be https, or http on this machine, without query')
  const algorithms = config.algorithms ?? defaultAlgorithms
  const unknown = algorithms.find((algorithm) => !isAlgorithm(algorithm))
  if (unknown !== undefined || algorithms.length === 0)
    throw new IssuerConfigError(name, `algorithms must be of ${knownAlgorithms.join(', ')}`)
  return {
    name,
    url,
    audience: config.audience,
    groupsClaim: config.groups_claim ?? 'groups',
    algorithms: algorithms.filter(isAlgorithm),
    authorizedParties: config.authorized_parties ?? null,
    typeClaim: config.type_claim ?? null,
    claims: config.claims ?? [],
    keys: new IssuerKeys(url, clock),
  }
}
