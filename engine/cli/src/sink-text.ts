import type { SecretReference } from '@sluice/identity'
import { UsageError } from './command.ts'
import { addressOf, hostOf } from './config/address.ts'
import { sinkDefaults, type SinkConfig } from './config/exporters.ts'
import { isLoopback } from './config/entry.ts'

/** What a command line may say of a sink beside its address. */
export interface SinkSecrets {
  /** Splunk: of the collector. Elastic: an API key. HTTP: a bearer token. */
  readonly token: SecretReference | null
  /** HTTP: signs what is sent. */
  readonly secret: SecretReference | null
  readonly tlsCa: string | null
}

/** A sink in one word, for `sluice export --sink`; `stdout` is the terminal's. Throws `UsageError`. */
export function sinkFrom(text: string, secrets: SinkSecrets): SinkConfig | 'stdout' {
  if (text === '-' || text === 'stdout') return 'stdout'
  const [, scheme = '', rest = ''] = /^([a-z+]+):(.*)$/s.exec(text) ?? []
  switch (scheme) {
    case 'file':
      return { sink: 'file', ...sinkDefaults.file, path: neededIn(text, rest) }
    case 'syslog':
    case 'syslog+tls':
      return syslogFrom(text, rest, scheme === 'syslog+tls', secrets.tlsCa)
    case 'splunk':
    case 'elastic':
    case 'http':
    case 'https':
      return httpFrom(text, scheme, rest, secrets)
    case 'kafka':
      return kafkaFrom(text, rest)
    default:
      throw new UsageError(`"${text}" is no sink: ${forms}`)
  }
}

const forms =
  'use stdout, file:PATH, syslog://HOST:PORT, syslog+tls://HOST:PORT, splunk:https://HOST:8088, ' +
  'elastic:https://HOST:9200/INDEX, https://…, or kafka://HOST:PORT,…/TOPIC'

function neededIn(text: string, part: string | undefined): string {
  if (part === undefined || part === '') throw new UsageError(`"${text}" is no sink: ${forms}`)
  return part
}

function syslogFrom(text: string, rest: string, tls: boolean, ca: string | null): SinkConfig {
  const address = addressOf(
    neededIn(text, /^\/\/(\[[0-9A-Fa-f:.]+\]:\d{1,5}|[^\s:/]+:\d{1,5})$/.exec(rest)?.[1]),
  )
  const files = ca === null ? true : { ca, cert: null, key: null }
  return { sink: 'syslog', ...sinkDefaults.syslog, address, tls: tls ? files : false }
}

function httpFrom(text: string, scheme: string, rest: string, secrets: SinkSecrets): SinkConfig {
  const { token, secret, tlsCa } = secrets
  const url = urlFrom(text, scheme.startsWith('http') ? text : rest)
  if (scheme === 'splunk') {
    if (token === null) throw new UsageError('splunk needs --token env:NAME or --token file:PATH')
    return { sink: 'splunk', ...sinkDefaults.splunk, url, tlsCa, token }
  }
  if (scheme !== 'elastic') return { sink: 'http', ...sinkDefaults.http, url, tlsCa, secret, token }
  const index = neededIn(text, url.pathname.split('/').at(-1))
  const base = new URL(url)
  base.pathname = url.pathname.slice(0, -index.length)
  const login = token === null ? null : ({ kind: 'api_key', key: token } as const)
  return { sink: 'elastic', url: base, tlsCa, index: decodeURIComponent(index), login }
}

/** Encrypted away from this machine, and without a login in it: others could see that in a list of processes. */
function urlFrom(text: string, address: string): URL {
  const url = URL.parse(address)
  const isPlain = url?.protocol === 'http:' && isLoopback(hostOf(url))
  if (url === null || (url.protocol !== 'https:' && !isPlain))
    throw new UsageError(`"${text}" must be https:// (http:// is for this machine)`)
  if (url.username !== '' || url.password !== '')
    throw new UsageError('a login does not belong into the address: use --token')
  return url
}

function kafkaFrom(text: string, rest: string): SinkConfig {
  const [, brokers, topic] = /^\/\/([^/\s]+)\/([a-zA-Z0-9._-]{1,249})$/.exec(rest) ?? []
  const addresses = neededIn(text, brokers).split(',')
  return { sink: 'kafka', brokers: addresses, topic: neededIn(text, topic), tls: false, sasl: null }
}

/** `env:NAME` or `file:PATH`: a secret itself is nothing for a command line. Throws `UsageError`. */
export function referenceFrom(option: string, text: string | undefined): SecretReference | null {
  if (text === undefined) return null
  const [, kind, name] = /^(env|file):(.+)$/s.exec(text) ?? []
  if (kind === 'env' && name !== undefined) return { env: name }
  if (kind === 'file' && name !== undefined) return { file: name }
  throw new UsageError(`--${option} names where it is: env:NAME or file:PATH`)
}
