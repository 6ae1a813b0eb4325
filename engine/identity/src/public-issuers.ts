import type { GroupMapping } from './mapping.ts'

/**
 * Issuers that give tokens to everybody in the world, for any audience they ask for, and the claims that say whose
 * workload it is. A rule that names none of them would let strangers in.
 */
const tellingClaims: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'https://token.actions.githubusercontent.com',
    ['repository_id', 'repository', 'repository_owner_id', 'repository_owner', 'enterprise_id', 'sub'],
  ],
  ['https://gitlab.com', ['project_id', 'project_path', 'namespace_id', 'namespace_path', 'sub']],
])

/** What is wrong with trusting this issuer by these rules; `null`: nothing. */
export function strangersAdmitted(issuer: string, mappings: readonly GroupMapping[] | null): string | null {
  const telling = tellingClaims.get(issuer)
  if (telling === undefined) return null
  if (mappings !== null && mappings.every(({ when }) => telling.some((claim) => Object.hasOwn(when, claim))))
    return null
  return `everybody can get its tokens: it needs mappings, and each must ask for one of ${telling.join(', ')}`
}
