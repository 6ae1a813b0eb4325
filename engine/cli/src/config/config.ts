import {
  SchemaError,
  type AccessRule,
  type Address,
  type DetectorPattern,
  type Owners,
  type RequestRate,
  type Target,
} from '@sluice/core'
import type { RoleGroups } from '@sluice/api'
import { adapters } from '../adapters.ts'
import { accessOf, type RawAccess } from './access.ts'
import { addressOf } from './address.ts'
import { credentialOf, type RawCredential } from './credential.ts'
import { detectorsOf, type RawDetectors } from './detectors.ts'
import { ConfigDocument, type Located } from './document.ts'
import { exportersOf, type ExporterConfig, type RawExporters } from './exporters.ts'
import { issuersOf, type RawIssuer } from './issuers.ts'
import { logOf, type LogConfig, type RawLog } from './log.ts'
import { noticesOf, type NoticesConfig, type RawNotices } from './notices.ts'
import { overlay } from './overlay.ts'
import { ConfigError, type Problem } from './problem.ts'
import type {
  CredentialReference,
  IssuerConfig,
  MaskingKeyReference,
  SamlIssuerConfig,
  SecretReference,
  SshKeyConfig,
} from '@sluice/identity'
import { recognisersOf, type RawRecognisers, type RecogniserConfig } from './recognisers.ts'
import { retentionOf, type RawRetention, type RetentionConfig } from './retention.ts'
import { schemaProblems } from './schema-problems.ts'
import { schema } from './schema.ts'
import { sshKeysOf } from './ssh-keys.ts'
import { keptBy, secretsOf, type RawSecrets, type SecretsConfig } from './secrets.ts'
import { defaultTargetSecrets, placesIn } from './target-secrets.ts'
import { telemetryOf, type RawTelemetry, type TelemetryConfig } from './telemetry.ts'

/** Where clients of one protocol connect. */
export interface ListenConfig {
  readonly address: Address
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly stallMs?: number
  /** SSH: by which names clients call it, for a certificate of its host key. */
  readonly names?: readonly string[]
}

export interface TargetConfig {
  readonly target: Target
  /** `null`: the target asks for none. */
  readonly credential: CredentialReference | null
  /** Who may give access for a while; `undefined`: nobody. */
  readonly access: AccessRule | undefined
}

/** What `serve` needs, read once. Paths in it are relative to the file that names them. */
export interface Config {
  readonly file: string
  readonly api: {
    readonly listen: Address
    readonly url: string | null
    readonly roles: RoleGroups
    /** Where credentials of targets that somebody adds may be, as beginnings of `env:…`, `file:…` or `vault:…`. */
    readonly targetSecrets: readonly string[]
  }
  readonly listen: Readonly<Record<'postgres' | 'http' | 'ssh', ListenConfig | null>>
  /** Where agents connect; `null`: there are none. */
  readonly agents: Address | null
  readonly log: LogConfig
  /** Who keeps secrets outside this machine. */
  readonly secrets: SecretsConfig
  readonly issuers: readonly IssuerConfig[]
  readonly samlIssuers: readonly SamlIssuerConfig[]
  /** Who answers for a subject, by subject ids. */
  readonly owners: Owners
  readonly tokenKey: SecretReference | null
  readonly agentsKey: SecretReference | null
  readonly sshCaKey: SecretReference | null
  readonly sshHostKey: SecretReference | null
  readonly sshLoginKey: SecretReference | null
  /** Plain public keys of SSH, and who they speak for. */
  readonly sshKeys: readonly SshKeyConfig[]
  /** The active key of pseudonyms. */
  readonly maskingKey: MaskingKeyReference | null
  /** What else masks may look for. */
  readonly detectors: readonly DetectorPattern[]
  /** Who finds what has no look. */
  readonly recognisers: readonly RecogniserConfig[]
  readonly policies: string
  readonly targets: readonly TargetConfig[]
  readonly notices: NoticesConfig
  readonly exporters: readonly ExporterConfig[]
  readonly retention: RetentionConfig
  /** `null`: nothing is measured. */
  readonly telemetry: TelemetryConfig | null
}

type RawListen =
  | string
  | {
      readonly address: string
      readonly tls?: { readonly cert: string; readonly key: string }
      readonly stall_s?: number
      readonly names?: readonly string[]
    }

type KeyName = 'tokens' | 'agents' | 'ssh_ca' | 'ssh_host' | 'ssh_login_ca'

/** The file's own shape, as `schemas/config.schema.json` admits it. */
interface RawConfig {
  readonly api?: {
    readonly listen?: string
    readonly url?: string
    readonly roles?: Partial<RoleGroups>
    readonly target_secrets?: readonly string[]
  }
  readonly listen?: { readonly [Protocol in 'postgres' | 'http' | 'ssh']?: RawListen } & {
    readonly agents?: string
  }
  readonly log?: RawLog
  readonly secrets?: RawSecrets
  readonly identity: {
    readonly issuers: readonly RawIssuer[]
    readonly owners?: Readonly<Record<string, readonly string[]>>
    readonly ssh_keys?: readonly SshKeyConfig[]
  }
  readonly keys?: { readonly [Name in KeyName]?: SecretReference }
  readonly masking?: {
    readonly keys?: readonly (MaskingKeyReference & { readonly active?: boolean })[]
    readonly detectors?: RawDetectors
    readonly recognisers?: RawRecognisers
  }
  readonly policies: { readonly path: string }
  readonly notices?: RawNotices
  readonly exporters?: RawExporters
  readonly retention?: RawRetention
  readonly telemetry?: RawTelemetry
  readonly targets: readonly (Record<string, unknown> & {
    readonly name: string
    readonly protocol: string
    readonly address: string
    readonly via?: string
    readonly credential?: RawCredential
    readonly labels?: Readonly<Record<string, string>>
    readonly access?: RawAccess
    readonly rate?: { readonly per_second: number; readonly burst?: number }
    readonly conditions?: { readonly per_hour: number; readonly burst?: number }
  })[]
}

const whole = schema<RawConfig>('config.schema.json')
const targetsAlone = schema<RawConfig>('config.schema.json', { required: ['targets'] })

/**
 * `below`: a configuration over which the file is laid; the file then needs to say only what is different. Throws
 * `ConfigError` with every problem found, each with its line and what would be right.
 */
export function parseConfig(file: string, text: string, below?: unknown): Config {
  const written = new ConfigDocument(file, text)
  const document = below === undefined ? written : overlay(written, below)
  const { value } = document
  const admits = whole()
  if (!admits(value)) throw new ConfigError(schemaProblems(document, admits.errors ?? []))
  const log = logOf(document, value.log)
  const secrets = secretsOf(document, value.secrets)
  const detectors = detectorsOf(document, value.masking?.detectors)
  const api = {
    listen: addressOf(value.api?.listen ?? '127.0.0.1:7400'),
    url: value.api?.url ?? null,
    roles: { admin: [], approver: [], auditor: [], ...value.api?.roles },
    targetSecrets: value.api?.target_secrets ?? defaultTargetSecrets,
  }
  const keyOf = (name: keyof NonNullable<RawConfig['keys']>): SecretReference | null =>
    keptBy(document, secrets, ['keys', name], value.keys?.[name] ?? null)
  return {
    file,
    api,
    listen: {
      postgres: listenOf(value.listen?.postgres),
      http: listenOf(value.listen?.http),
      ssh: listenOf(value.listen?.ssh),
    },
    agents: agentsOf(document, value),
    log,
    secrets,
    ...issuersOf(document, secrets, value.identity.issuers, api),
    owners: new Map(Object.entries(value.identity.owners ?? {})),
    tokenKey: keyOf('tokens'),
    agentsKey: keyOf('agents'),
    sshCaKey: keyOf('ssh_ca'),
    sshHostKey: keyOf('ssh_host'),
    sshLoginKey: keyOf('ssh_login_ca'),
    sshKeys: sshKeysOf(document, value.identity.ssh_keys),
    maskingKey: maskingKeyOf(document, secrets, value.masking?.keys),
    detectors,
    recognisers: recognisersOf(document, value.masking?.recognisers, detectors),
    policies: value.policies.path,
    targets: targetsOf(document, value, secrets),
    notices: noticesOf(document, value.notices),
    exporters: exportersOf(document, value.exporters),
    retention: retentionOf(document, value.retention, log),
    telemetry: telemetryOf(document, value.telemetry),
  }
}

/** One target as a file would say it, e.g. of the log. Throws `ConfigError`. */
export function parseTarget(entry: unknown, secrets: SecretsConfig): TargetConfig {
  const document = new ConfigDocument('the target', JSON.stringify({ targets: [entry] }))
  const { value } = document
  const admits = targetsAlone()
  if (!admits(value)) throw new ConfigError(schemaProblems(document, admits.errors ?? []))
  const [target] = targetsOf(document, value, secrets)
  if (target === undefined) throw new Error('a target of a protocol that has no adapter')
  return target
}

function listenOf(value: RawListen | undefined): ListenConfig | null {
  if (value === undefined) return null
  if (typeof value === 'string') return { address: addressOf(value) }
  const { address, tls, stall_s: stallS, names } = value
  return {
    address: addressOf(address),
    ...(tls === undefined ? {} : { tls }),
    ...(stallS === undefined ? {} : { stallMs: 1_000 * stallS }),
    ...(names === undefined ? {} : { names }),
  }
}

/** A target that is reached by agents needs a place where they connect. */
function agentsOf(document: Located, { listen, targets }: RawConfig): Address | null {
  if (listen?.agents !== undefined) return addressOf(listen.agents)
  const found = targets.flatMap(({ via }, index) =>
    via === undefined
      ? []
      : [document.problem(['targets', index, 'via'], 'no agent can connect here', 'set listen.agents')],
  )
  if (found.length > 0) throw new ConfigError(found)
  return null
}

/** Which of several keys makes pseudonyms must be said, and a name stands for one key for ever. */
function maskingKeyOf(
  document: Located,
  secrets: SecretsConfig,
  keys: NonNullable<RawConfig['masking']>['keys'],
): MaskingKeyReference | null {
  if (keys === undefined) return null
  const at = ['masking', 'keys']
  const found: Problem[] = []
  const names = new Set<string>()
  for (const [index, { id, secret }] of keys.entries()) {
    keptBy(document, secrets, [...at, index, 'secret'], secret)
    if (names.has(id)) found.push(document.problem([...at, index, 'id'], `a second key named ${id}`))
    names.add(id)
  }
  const [active, ...more] = keys.filter((key) => key.active === true)
  if (active === undefined || more.length > 0)
    found.push(document.problem(at, 'exactly one key must have active: true'))
  if (found.length > 0 || active === undefined) throw new ConfigError(found)
  return { id: active.id, secret: active.secret }
}

function targetsOf(document: Located, value: RawConfig, secrets: SecretsConfig): readonly TargetConfig[] {
  const found: Problem[] = []
  const names = new Set<string>()
  const targets = value.targets.flatMap((entry, index) => {
    const { name, protocol, address, via, credential, labels, access, rate, conditions, ...rest } = entry
    const at = ['targets', index]
    if (names.has(name)) found.push(document.problem([...at, 'name'], `a second target named ${name}`))
    names.add(name)
    const adapter = adapters.find((candidate) => candidate.protocol === protocol)
    if (adapter === undefined) return []
    try {
      const settings = adapter.target.parse(rest)
      const through = via === undefined ? {} : { via }
      const bounds = { rate: rateOf(rate), conditions: conditionsOf(conditions) }
      const place = { address: addressOf(address), ...through, ...bounds }
      const target = { name, protocol, labels: labels ?? {}, ...place, settings }
      const login = credentialOf(document, at, adapter.credential(settings), credential)
      if (login !== null)
        for (const place of placesIn(login)) keptBy(document, secrets, [...at, 'credential'], place)
      return [{ target, credential: login, access: accessOf(document, [...at, 'access'], access) }]
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      found.push(document.problem([...at, ...error.at], error.message))
      return []
    }
  })
  if (found.length > 0) throw new ConfigError(found)
  return targets
}

/** Without a burst of its own, what comes back in a second may also be asked at once. */
function rateOf(rate: RawConfig['targets'][number]['rate']): RequestRate | undefined {
  if (rate === undefined) return undefined
  const { per_second: perSecond, burst = Math.max(1, Math.ceil(perSecond)) } = rate
  return { perSecond, burst }
}

function conditionsOf(given: RawConfig['targets'][number]['conditions']): RequestRate | undefined {
  if (given === undefined) return undefined
  const { per_hour: perHour, burst = Math.max(1, Math.ceil(perHour)) } = given
  return { perSecond: perHour / 3_600, burst }
}
