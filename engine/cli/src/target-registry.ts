import { isIP } from 'node:net'
import {
  declaredByFile,
  isReachable,
  refusal,
  type AccessRule,
  type Address,
  type OpenSessions,
  type Registrations,
  type Target,
  type Targets,
} from '@sluice/core'
import type { CredentialReference } from '@sluice/identity'
import type { Config, TargetConfig } from './config/config.ts'
import { parseTarget } from './config/config.ts'
import { ConfigError, type Problem } from './config/problem.ts'
import { forbidden } from './config/target-secrets.ts'

export interface RegistryPorts {
  readonly config: Pick<Config, 'targets' | 'secrets' | 'api'>
  readonly registrations: Pick<Registrations, 'list' | 'onChange'>
  readonly report: (what: string, error: unknown) => void
}

/** What this gateway serves: the targets of its files, and those that people added to the log. Of one name the file's. */
export class TargetRegistry implements Targets {
  readonly #ports: RegistryPorts
  readonly #declared: ReadonlyMap<string, TargetConfig>
  readonly #added = new Map<string, TargetConfig>()
  readonly #removed = new Set<(target: Target) => void>()

  constructor(ports: RegistryPorts) {
    this.#ports = ports
    this.#declared = new Map(ports.config.targets.map((each) => [each.target.name, each]))
    for (const { name } of ports.registrations.list()) this.#take(name)
    ports.registrations.onChange((name) => this.#take(name))
  }

  find(name: string): Target | undefined {
    return this.config(name)?.target
  }

  list(): readonly Target[] {
    return [...this.#declared.values(), ...this.#added.values()].map(({ target }) => target)
  }

  /** Some target is at that address, and reached by agents of that name. */
  isBehind(agent: string, { host, port }: Address): boolean {
    return this.list().some(
      ({ via, address }) => via === agent && address.host === host && address.port === port,
    )
  }

  /** Of its own files. */
  declared(): readonly Target[] {
    return [...this.#declared.values()].map(({ target }) => target)
  }

  source(name: string): 'file' | 'log' {
    return this.#declared.has(name) ? declaredByFile : 'log'
  }

  credential(name: string): CredentialReference | undefined {
    return this.config(name)?.credential ?? undefined
  }

  /** All that is known of one that is served here. */
  config(name: string): TargetConfig | undefined {
    return this.#declared.get(name) ?? this.#added.get(name)
  }

  access(name: string): AccessRule | undefined {
    return this.config(name)?.access
  }

  /** From now on what is open at a target ends with it. */
  endSessionsIn(engine: Pick<OpenSessions, 'sessions'>): void {
    this.#removed.add(({ name }) => {
      for (const session of engine.sessions()) if (session.target.name === name) session.end(removed)
    })
  }

  /** What somebody wants to add, if it may be. Throws `ConfigError`. */
  read(entry: unknown): TargetConfig {
    const { config } = this.#ports
    const read = parseTarget(entry, config.secrets)
    const why = forbidden(read.credential, config.api.targetSecrets)
    if (why !== null) throw new ConfigError([problem(why, 'credential')])
    const unmeant = whyUnmeant(read.target)
    if (unmeant !== null) throw new ConfigError([problem(unmeant, 'address')])
    return read
  }

  #take(name: string): void {
    const before = this.#added.get(name)
    this.#added.delete(name)
    if (before !== undefined) for (const listener of this.#removed) listener(before.target)
    const registration = this.#ports.registrations.list().find((one) => one.name === name)
    if (registration === undefined) return
    try {
      if (this.#declared.has(name))
        throw new ConfigError([problem('a file of this gateway has one of that name')])
      this.#added.set(name, this.read(JSON.parse(registration.entry)))
    } catch (error) {
      // Another gateway may have what this one lacks, e.g. a place for secrets; everything else is served.
      this.#ports.report(`the target ${name} of the log is not served here`, error)
    }
  }
}

const removed = refusal(
  'target_unknown',
  'sluice/targets',
  'This target was removed: nothing more is done in it.',
)

/** Addresses of no machine, by which clouds tell who they are, are for files alone. */
function whyUnmeant({ address: { host } }: Target): string | null {
  return isIP(host) === 0 || isReachable(host) ? null : 'its address is of no machine that could be meant'
}

function problem(message: string, ...at: readonly string[]): Problem {
  return { file: 'the target', line: 0, column: 0, message, hint: null, at: ['targets', 0, ...at] }
}
