import type { AddedTargets, EntryProblem } from '@sluice/api'
import {
  addressText,
  type Certify,
  type Clock,
  type Dialer,
  type Finding,
  type Json,
  type Registrations,
  type Target,
  unreached,
} from '@sluice/core'
import { referencedCredentials, type SecretSource } from '@sluice/identity'
import { adapters } from './adapters.ts'
import type { TargetConfig } from './config/config.ts'
import { ConfigError, type Problem } from './config/problem.ts'
import type { TargetRegistry } from './target-registry.ts'

export interface AddedPorts extends ProbePorts {
  readonly registry: Pick<TargetRegistry, 'read'>
  readonly registrations: Pick<Registrations, 'list' | 'register' | 'remove'>
}

/** Targets that admins add to the log and take away, as the API asks for it. */
export function addedTargets({ registry, registrations, ...ports }: AddedPorts): AddedTargets {
  return {
    has: (name) => registrations.list().some((one) => one.name === name),
    read(entry) {
      try {
        const read = registry.read(entry)
        return {
          kind: 'target',
          name: read.target.name,
          probe: () => probeTarget(read, ports),
          register: (by) => registrations.register(registered(read.target, entry, by)),
        }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        return { kind: 'unusable', problems: error.problems.map(entryProblem) }
      }
    },
    remove: (name, by) => registrations.remove(name, by),
  }
}

export interface ProbePorts {
  readonly dialer: Dialer
  readonly secrets: SecretSource
  readonly certify: Certify
  readonly clock: Clock
}

/** What a session would find there. */
export async function probeTarget(
  { target, credential }: TargetConfig,
  { dialer, secrets, certify, clock }: ProbePorts,
): Promise<readonly Finding[]> {
  const adapter = adapters.find(({ protocol }) => protocol === target.protocol)
  if (adapter?.probe === undefined) return [await connected(target, dialer)]
  const credentials = referencedCredentials(() => credential ?? undefined, secrets, clock, certify)
  return await adapter.probe({
    target,
    dial: (to) => dialer.dial(target, to ?? target.address),
    credential: (refused) => credentials.credential(target.name, refused),
    now: () => clock.now(),
  })
}

/** Of a protocol that nobody has looked at more closely. */
async function connected(target: Target, dialer: Dialer): Promise<Finding> {
  try {
    const stream = await dialer.dial(target, target.address)
    stream.destroy()
    return {
      state: 'good',
      about: 'connection',
      detail: `${addressText(target.address)} accepts connections`,
    }
  } catch (error) {
    return unreached(error)
  }
}

function registered(target: Target, entry: Json, by: string): Parameters<Registrations['register']>[0] {
  const { name, protocol, address, labels, settings } = target
  return {
    name,
    protocol,
    address: addressText(address),
    labels: JSON.stringify(labels),
    settings: JSON.stringify(settings),
    by,
    entry: JSON.stringify(entry),
  }
}

/** Without places in a file that there is none of. */
function entryProblem({ message, hint, at = [] }: Problem): EntryProblem {
  return { at: at.slice(2).join('.'), message: said(message, hint) }
}

function said(message: string, hint: string | null): string {
  const text = message.replaceAll('targets.0.', '')
  return hint === null ? text : `${text} (${hint})`
}
