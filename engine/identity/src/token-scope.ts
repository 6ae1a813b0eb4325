import { networksOf } from '@sluice/core'
import type { Binding } from './gateway-token.ts'

/** What fits into a token beside its subject. */
const targetsMax = 20
const networksMax = 10

const target = /^target:([\x21\x23-\x5b\x5d-\x7e]{1,128})$/
const network = /^from:([0-9A-Fa-f:.]{2,45}(?:\/\d{1,3})?)$/

/**
 * `target:<name>` and `from:<address or network>`, any number of each, separated by single blanks (RFC 6749 §3.3): several
 * of a kind are alternatives, and both kinds must hold. `null`: it says something else, or nothing.
 */
export function bindingOf(scope: string): Binding | null {
  const tokens = scope.split(' ')
  const targets = tokens.flatMap((token) => target.exec(token)?.[1] ?? [])
  const networks = tokens.flatMap((token) => network.exec(token)?.[1] ?? [])
  if (targets.length + networks.length !== tokens.length) return null
  if (targets.length > targetsMax || networks.length > networksMax) return null
  if (networks.length > 0 && networksOf(networks) === null) return null
  return {
    ...(targets.length > 0 && { targets: [...new Set(targets)] }),
    ...(networks.length > 0 && { networks: [...new Set(networks)] }),
  }
}
