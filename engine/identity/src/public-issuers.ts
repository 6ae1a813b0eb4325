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
  // Whoever has a project at Google Cloud has service accounts, with tokens for whatever audience.
  ['https://accounts.google.com', ['sub', 'email']],
  ['https://agent.buildkite.com', ['organization_id', 'organization_slug', 'sub']],
  [
    'https://app.terraform.io',
    [
      'terraform_organization_id',
      'terraform_organization_name',
      'terraform_project_id',
      'terraform_workspace_id',
      'sub',
    ],
  ],
])

/** What is wrong with trusting this issuer by these rules; `null`: nothing. */
export function strangersAdmitted(issuer: string, mappings: readonly GroupMapping[] | null): string | null {
  const telling = tellingClaims.get(issuer)
  if (telling === undefined) return null
  if (mappings !== null && mappings.every(({ when }) => telling.some((claim) => Object.hasOwn(when, claim))))
    return null
  return `everybody can get its tokens: it needs mappings, and each must ask for one of ${telling.join(', ')}`
}
