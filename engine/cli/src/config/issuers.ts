import { systemClock } from '@sluice/core'
import { IssuerConfigError, openIssuers, type IssuerConfig } from '@sluice/identity'
import type { Located } from './document.ts'
import { ConfigError, type Problem } from './problem.ts'

/** Issuers that can be trusted as the file says. Opening asks nobody anything, so each mistake gets its place here. */
export function issuersOf(document: Located, issuers: readonly IssuerConfig[]): readonly IssuerConfig[] {
  const found: Problem[] = []
  for (const [index] of issuers.entries())
    try {
      openIssuers(issuers.slice(0, index + 1), systemClock)
    } catch (error) {
      if (!(error instanceof IssuerConfigError)) throw error
      found.push(document.problem(['identity', 'issuers', index], error.message))
      break
    }
  if (found.length > 0) throw new ConfigError(found)
  return issuers
}
