import type { ApiPorts, TargetTerms } from '@sluice/api'
import type { RequestRate } from '@sluice/core'
import { isCertified, nameOf, type CredentialReference } from '@sluice/identity'
import { addedTargets, probeTarget, type AddedPorts } from './added-targets.ts'
import type { TargetConfig } from './config/config.ts'
import type { Front } from './front.ts'
import type { TargetRegistry } from './target-registry.ts'

interface TargetSightPorts extends AddedPorts {
  readonly registry: Pick<TargetRegistry, 'config' | 'source' | 'read'>
  readonly callers: Pick<Front, 'load'>
}

/** What the API shows of targets to whoever runs the gateway. */
export function targetSight(
  ports: TargetSightPorts,
): Pick<ApiPorts, 'added' | 'source' | 'terms' | 'load' | 'probe'> {
  const { registry, callers } = ports
  return {
    added: addedTargets(ports),
    source: (name) => registry.source(name),
    load: (target) => callers.load(target),
    terms(name) {
      const known = registry.config(name)
      return known === undefined ? undefined : termsOf(known)
    },
    async probe(name) {
      const known = registry.config(name)
      return known === undefined ? [] : probeTarget(known, ports)
    },
  }
}

/** What holds at a target, for people: where its secret is and not the secret, and of long settings how long they are. */
function termsOf({ target, credential, access }: TargetConfig): TargetTerms {
  const { rate, conditions, settings } = target
  return {
    credential: credential === null ? null : credentialTerms(credential),
    rate: rateTerms(rate),
    conditions: rateTerms(conditions),
    access:
      access === undefined
        ? null
        : {
            approvers: access.approvers,
            roles: access.roles,
            max_s: Math.floor(access.maxMs / 1_000),
          },
    settings: Object.entries(settings as object).map(([name, value]) => ({
      name,
      value: settingText(value),
    })),
  }
}

function credentialTerms(credential: CredentialReference): NonNullable<TargetTerms['credential']> {
  if ('login' in credential) return { user: null, place: nameOf(credential.login) }
  if (isCertified(credential)) return { user: credential.user, place: 'certificates that the gateway signs' }
  return { user: credential.user === '' ? null : credential.user, place: nameOf(credential.password) }
}

function rateTerms(rate: RequestRate | undefined): TargetTerms['rate'] {
  return rate === undefined ? null : { per_second: rate.perSecond, burst: Math.floor(rate.burst) }
}

const valueCharsMax = 200

/** Certificates, documents and lists are told by their size. */
function settingText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value.length > valueCharsMax ? `${value.length} characters` : value
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
    return settingText(value.join(', '))
  const text = JSON.stringify(value)
  if (text.length <= valueCharsMax) return text
  return Array.isArray(value)
    ? `${value.length} ${value.length === 1 ? 'entry' : 'entries'}`
    : `${text.length} characters`
}
