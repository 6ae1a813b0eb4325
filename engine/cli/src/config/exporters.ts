import type { Address } from '@sluice/core'
import type { Format } from '@sluice/exporters'
import type { SecretReference } from '@sluice/identity'
import { durationMs } from '../duration.ts'
import { addressOf } from './address.ts'
import type { Located } from './document.ts'
import { Entry, isLoopback } from './entry.ts'
import { saslOf, tlsOf, type KafkaLogConfig, type RawSasl, type RawTls, type TlsConfig } from './log.ts'
import { ConfigError, type Problem } from './problem.ts'

/** What is exported, and to where. Paths are relative to the configuration file. */
export type ExporterConfig = {
  readonly name: string
  readonly format: Format
  readonly sinceMs: number
} & SinkConfig

export type SinkConfig =
  FileSinkConfig | SyslogSinkConfig | SplunkSinkConfig | ElasticSinkConfig | HttpSinkConfig | KafkaSinkConfig

export interface FileSinkConfig {
  readonly sink: 'file'
  readonly path: string
  readonly rotateBytes: number
  readonly rotateMs: number | null
  readonly gzip: boolean
}

export interface SyslogSinkConfig {
  readonly sink: 'syslog'
  readonly address: Address
  readonly tls: TlsConfig
  readonly facility: number
  readonly enterprise: number
  readonly messageBytesMax: number
}

export interface SplunkSinkConfig {
  readonly sink: 'splunk'
  readonly url: URL
  readonly tlsCa: string | null
  readonly token: SecretReference
  readonly index: string | null
  readonly source: string
  /** `null`: after the format. */
  readonly sourcetype: string | null
  readonly ack: boolean
}

export interface ElasticSinkConfig {
  readonly sink: 'elastic'
  readonly url: URL
  readonly tlsCa: string | null
  readonly index: string
  readonly login:
    | { readonly kind: 'api_key'; readonly key: SecretReference }
    | { readonly kind: 'basic'; readonly user: string; readonly password: SecretReference }
    | null
}

export interface HttpSinkConfig {
  readonly sink: 'http'
  readonly url: URL
  readonly tlsCa: string | null
  readonly shape: 'ndjson' | 'array'
  readonly secret: SecretReference | null
  readonly token: SecretReference | null
}

export interface KafkaSinkConfig extends Pick<KafkaLogConfig, 'brokers' | 'tls' | 'sasl'> {
  readonly sink: 'kafka'
  readonly topic: string
}

/** The file's own shape. Which keys belong to which sink is checked here. */
export type RawExporters = Readonly<Record<string, RawExporter>>

interface RawExporter {
  readonly format: Format
  readonly sink: SinkConfig['sink']
  readonly since?: string
  readonly path?: string
  readonly rotate_bytes?: number
  readonly rotate?: string
  readonly gzip?: boolean
  readonly address?: string
  readonly facility?: number
  readonly enterprise?: number
  readonly message_bytes?: number
  readonly tls?: RawTls
  readonly url?: string
  readonly tls_ca?: string
  readonly token?: SecretReference
  readonly ack?: boolean
  readonly index?: string
  readonly source?: string
  readonly sourcetype?: string
  readonly api_key?: SecretReference
  readonly user?: string
  readonly password?: SecretReference
  readonly secret?: SecretReference
  readonly shape?: HttpSinkConfig['shape']
  readonly brokers?: readonly string[]
  readonly topic?: string
  readonly sasl?: RawSasl
}

const keysOfAll = ['format', 'sink', 'since'] as const
const keysOf: Readonly<Record<SinkConfig['sink'], readonly (keyof RawExporter)[]>> = {
  file: ['path', 'rotate_bytes', 'rotate', 'gzip'],
  syslog: ['address', 'tls', 'facility', 'enterprise', 'message_bytes'],
  splunk: ['url', 'tls_ca', 'token', 'ack', 'index', 'source', 'sourcetype'],
  elastic: ['url', 'tls_ca', 'index', 'api_key', 'user', 'password'],
  http: ['url', 'tls_ca', 'shape', 'secret', 'token'],
  kafka: ['brokers', 'topic', 'tls', 'sasl'],
}

/** What a sink is like where nothing is said of it. */
export const sinkDefaults = {
  file: { rotateBytes: 104_857_600, rotateMs: null, gzip: false },
  syslog: { facility: 13, enterprise: 32_473, messageBytesMax: 8_192 },
  splunk: { index: null, source: 'sluice', sourcetype: null, ack: true },
  http: { shape: 'ndjson' },
} as const

/** Without the key nothing is exported. Throws `ConfigError`. */
export function exportersOf(
  document: Located,
  exporters: RawExporters | undefined,
): readonly ExporterConfig[] {
  const found: Problem[] = []
  const read = Object.entries(exporters ?? {}).flatMap(([name, raw]) => {
    const entry = new Entry(document, ['exporters', name], raw)
    entry.refuseOthersThan([...keysOfAll, ...keysOf[raw.sink]], `sink of kind ${raw.sink}`)
    const sinceMs = sinceOf(entry)
    const of = sinkOf(document, entry)
    found.push(...entry.problems)
    return of === undefined ? [] : [{ name, format: raw.format, sinceMs, ...of }]
  })
  if (found.length > 0) throw new ConfigError(found)
  return read
}

type ExporterEntry = Entry<RawExporter>

function sinceOf(entry: ExporterEntry): number {
  const { since } = entry.raw
  const ms = since === undefined ? 0 : Date.parse(since)
  if (Number.isNaN(ms)) entry.say('since', 'is no date')
  return ms
}

/** `undefined`: there are problems. */
function sinkOf(document: Located, entry: ExporterEntry): SinkConfig | undefined {
  switch (entry.raw.sink) {
    case 'file':
      return fileOf(entry)
    case 'syslog':
      return syslogOf(entry)
    case 'splunk':
      return splunkOf(entry)
    case 'elastic':
      return elasticOf(entry)
    case 'http':
      return httpOf(entry)
    case 'kafka':
      return kafkaOf(document, entry)
  }
}

function fileOf(entry: ExporterEntry): FileSinkConfig | undefined {
  const { rotate, rotate_bytes: rotateBytes = sinkDefaults.file.rotateBytes, gzip = false } = entry.raw
  const path = entry.needed('path')
  const rotateMs = rotate === undefined ? null : durationMs(rotate)
  return path === undefined ? undefined : { sink: 'file', path, rotateBytes, rotateMs, gzip }
}

function syslogOf(entry: ExporterEntry): SyslogSinkConfig | undefined {
  const { facility, enterprise, messageBytesMax } = sinkDefaults.syslog
  const written = entry.needed('address')
  if (written === undefined) return undefined
  const address = addressOf(written)
  if (entry.raw.tls === undefined && !isLoopback(address.host))
    entry.say('address', 'is another machine’s: say tls: true, or tls: false to send in clear')
  return {
    sink: 'syslog',
    address,
    tls: tlsOf(entry.raw.tls),
    facility: entry.raw.facility ?? facility,
    enterprise: entry.raw.enterprise ?? enterprise,
    messageBytesMax: entry.raw.message_bytes ?? messageBytesMax,
  }
}

function splunkOf(entry: ExporterEntry): SplunkSinkConfig | undefined {
  const { url, token } = { url: entry.needed('url'), token: entry.needed('token') }
  if (url === undefined || token === undefined) return undefined
  const { tls_ca: tlsCa = null, index = null, source = 'sluice', sourcetype = null, ack = true } = entry.raw
  return { sink: 'splunk', url: entry.url('url', url), tlsCa, token, index, source, sourcetype, ack }
}

function elasticOf(entry: ExporterEntry): ElasticSinkConfig | undefined {
  const { url, index } = { url: entry.needed('url'), index: entry.needed('index') }
  const login = elasticLoginOf(entry)
  if (url === undefined || index === undefined) return undefined
  return { sink: 'elastic', url: entry.url('url', url), tlsCa: entry.raw.tls_ca ?? null, index, login }
}

function elasticLoginOf(entry: ExporterEntry): ElasticSinkConfig['login'] {
  const { api_key: key, user, password } = entry.raw
  if (key !== undefined && (user !== undefined || password !== undefined))
    entry.say('api_key', 'is one way to log in, and user with password another')
  if (key !== undefined) return { kind: 'api_key', key }
  if (user !== undefined && password === undefined) entry.needed('password')
  if (password !== undefined && user === undefined) entry.needed('user')
  return user === undefined || password === undefined ? null : { kind: 'basic', user, password }
}

function httpOf(entry: ExporterEntry): HttpSinkConfig | undefined {
  const url = entry.needed('url')
  if (url === undefined) return undefined
  const { tls_ca: tlsCa = null, shape = sinkDefaults.http.shape, secret = null, token = null } = entry.raw
  return { sink: 'http', url: entry.url('url', url), tlsCa, shape, secret, token }
}

function kafkaOf(document: Located, entry: ExporterEntry): KafkaSinkConfig | undefined {
  const { brokers, topic } = { brokers: entry.needed('brokers'), topic: entry.needed('topic') }
  const sasl = saslOf(document, [...entry.at, 'sasl'], entry.raw.sasl)
  if (brokers === undefined || topic === undefined) return undefined
  return { sink: 'kafka', brokers, topic, tls: tlsOf(entry.raw.tls), sasl }
}
