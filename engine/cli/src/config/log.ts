import type { UnsafeLog } from '@sluice/journal'
import type { SecretReference } from '@sluice/identity'
import { checkpointsOf, type CheckpointConfig, type RawCheckpoint } from './checkpoints.ts'
import type { Located, Path } from './document.ts'
import { ConfigError } from './problem.ts'

/** Where the log is. */
export type LogConfig = EmbeddedLogConfig | KafkaLogConfig

export interface EmbeddedLogConfig {
  readonly kind: 'embedded'
  /** `null`: in the data folder. */
  readonly path: string | null
  readonly checkpoints: readonly CheckpointConfig[]
}

export interface KafkaLogConfig {
  readonly kind: 'kafka'
  readonly brokers: readonly string[]
  readonly replication: number
  readonly prefix: string
  /** `null`: made once, and kept in the data folder. */
  readonly gateway: string | null
  readonly tls: TlsConfig
  readonly sasl: SaslConfig | null
  readonly allowUnsafe: readonly UnsafeLog[]
  readonly checkpoints: readonly CheckpointConfig[]
}

/** PEM files, relative to the configuration file. */
export type TlsConfig =
  boolean | { readonly ca: string | null; readonly cert: string | null; readonly key: string | null }

export type SaslConfig =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly user: string
      readonly password: SecretReference
    }
  | {
      readonly mechanism: 'oauthbearer'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: SecretReference
      readonly scope: string | null
    }

/** The file's own shape. Which keys belong to which kind is checked here. */
export interface RawLog {
  readonly kind: LogConfig['kind']
  readonly path?: string
  readonly brokers?: readonly string[]
  readonly replication?: number
  readonly prefix?: string
  readonly gateway?: string
  readonly tls?: RawTls
  readonly sasl?: RawSasl
  readonly allow_unsafe?: readonly UnsafeLog[]
  readonly checkpoints?: readonly RawCheckpoint[]
}

export type RawTls = boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string }

export interface RawSasl {
  readonly mechanism: SaslConfig['mechanism']
  readonly user?: string
  readonly password?: SecretReference
  readonly token_url?: string
  readonly client_id?: string
  readonly client_secret?: SecretReference
  readonly scope?: string
}

const defaultReplication = 3
const keysOf: Readonly<Record<LogConfig['kind'], readonly (keyof RawLog)[]>> = {
  embedded: ['kind', 'path', 'checkpoints'],
  kafka: [
    'kind',
    'brokers',
    'replication',
    'prefix',
    'gateway',
    'tls',
    'sasl',
    'allow_unsafe',
    'checkpoints',
  ],
}

/** Without the key the log is embedded. Throws `ConfigError`. */
export function logOf(document: Located, raw: RawLog | undefined): LogConfig {
  if (raw === undefined) return { kind: 'embedded', path: null, checkpoints: [] }
  const foreign = Object.keys(raw).filter((key) => !keysOf[raw.kind].some((own) => own === key))
  if (foreign.length > 0)
    throw new ConfigError(
      foreign.map((key) =>
        document.problem(
          ['log', key],
          `"${key}" means nothing to a log of kind ${raw.kind}`,
          `it has ${keysOf[raw.kind].join(', ')}`,
        ),
      ),
    )
  const checkpoints = checkpointsOf(document, raw.checkpoints)
  if (raw.kind === 'embedded') return { kind: 'embedded', path: raw.path ?? null, checkpoints }
  if (raw.brokers === undefined)
    throw new ConfigError([document.problem(['log'], 'a log of kind kafka needs "brokers"')])
  return {
    kind: 'kafka',
    brokers: raw.brokers,
    replication: raw.replication ?? defaultReplication,
    prefix: raw.prefix ?? '',
    gateway: raw.gateway ?? null,
    tls: tlsOf(raw.tls),
    sasl: saslOf(document, ['log', 'sasl'], raw.sasl),
    allowUnsafe: raw.allow_unsafe ?? [],
    checkpoints,
  }
}

export function tlsOf(raw: RawTls | undefined): TlsConfig {
  return typeof raw === 'object' ? { ca: null, cert: null, key: null, ...raw } : (raw ?? false)
}

/** Throws `ConfigError`. */
export function saslOf(document: Located, at: Path, raw: RawSasl | undefined): SaslConfig | null {
  if (raw === undefined) return null
  const missing = (needed: readonly (keyof RawSasl)[]): ConfigError | undefined => {
    const absent = needed.filter((key) => raw[key] === undefined)
    return absent.length === 0
      ? undefined
      : new ConfigError(
          absent.map((key) => document.problem(at, `the mechanism ${raw.mechanism} needs "${key}"`)),
        )
  }
  if (raw.mechanism === 'oauthbearer') {
    const { token_url: tokenUrl, client_id: clientId, client_secret: clientSecret, scope = null } = raw
    if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined)
      throw missing(['token_url', 'client_id', 'client_secret'])
    return { mechanism: raw.mechanism, tokenUrl, clientId, clientSecret, scope }
  }
  const { mechanism, user, password } = raw
  if (user === undefined || password === undefined) throw missing(['user', 'password'])
  return { mechanism, user, password }
}

/** As if the file had named these brokers: `KAFKA_BROKERS` decides where the log is. */
export function withBrokers(log: LogConfig, brokers: readonly string[]): KafkaLogConfig {
  if (log.kind === 'kafka') return { ...log, brokers }
  return {
    kind: 'kafka',
    brokers,
    replication: defaultReplication,
    prefix: '',
    gateway: null,
    tls: false,
    sasl: null,
    allowUnsafe: [],
    checkpoints: log.checkpoints,
  }
}
