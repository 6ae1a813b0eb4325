import type { Address } from '@sluice/core'
import type { SecretReference } from '@sluice/identity'
import { addressOf } from './address.ts'
import type { Located } from './document.ts'
import { Entry } from './entry.ts'
import { ConfigError } from './problem.ts'

export interface TelemetryConfig {
  /** `null`: nothing is sent. */
  readonly otlp: OtlpConfig | null
  /** Where metrics may be read; `null`: nowhere. */
  readonly prometheus: Address | null
}

export interface OtlpConfig {
  readonly url: URL
  /** By name. */
  readonly headers: ReadonlyMap<string, SecretReference>
  /** PEM file, relative to the configuration. */
  readonly tlsCa: string | null
  readonly sampleRatio: number
}

/** `telemetry` as the schema admits it. */
export interface RawTelemetry {
  readonly otlp?: RawOtlp
  readonly sample_ratio?: number
  readonly prometheus?: string | { readonly address: string }
}

interface RawOtlp {
  readonly url: string
  readonly headers?: Readonly<Record<string, SecretReference>>
  readonly tls_ca?: string
}

/** They belong to the request itself. */
const ownHeaders = ['content-type', 'content-length', 'content-encoding', 'host', 'transfer-encoding']

/** Without the key nothing is measured. Throws `ConfigError`. */
export function telemetryOf(document: Located, raw: RawTelemetry | undefined): TelemetryConfig | null {
  if (raw === undefined) return null
  const entry = new Entry(document, ['telemetry'], raw)
  if (raw.otlp === undefined && raw.prometheus === undefined)
    entry.problems.push(
      document.problem(['telemetry'], 'telemetry names no receiver', 'say otlp, prometheus or both'),
    )
  if (raw.otlp === undefined && raw.sample_ratio !== undefined)
    entry.say('sample_ratio', 'means nothing without otlp', 'traces are sent there')
  const otlp = raw.otlp === undefined ? null : new Entry(document, ['telemetry', 'otlp'], raw.otlp)
  const read = otlp === null ? null : otlpOf(document, otlp, raw.sample_ratio ?? 1)
  const problems = [...entry.problems, ...(otlp?.problems ?? [])]
  if (problems.length > 0) throw new ConfigError(problems)
  return { otlp: read, prometheus: prometheusOf(raw.prometheus) }
}

function otlpOf(document: Located, entry: Entry<RawOtlp>, sampleRatio: number): OtlpConfig {
  const { url: written, headers = {}, tls_ca: tlsCa = null } = entry.raw
  const url = entry.url('url', written)
  if (/\/v1\/(traces|metrics)\/?$/.test(url.pathname))
    entry.say('url', 'is of one signal', 'name what is before /v1')
  for (const name of Object.keys(headers))
    if (ownHeaders.includes(name.toLowerCase()))
      entry.problems.push(
        document.problem([...entry.at, 'headers', name], `telemetry.otlp.headers cannot set ${name}`),
      )
  return { url, headers: new Map(Object.entries(headers)), tlsCa, sampleRatio }
}

function prometheusOf(raw: RawTelemetry['prometheus']): Address | null {
  if (raw === undefined) return null
  return addressOf(typeof raw === 'string' ? raw : raw.address)
}
