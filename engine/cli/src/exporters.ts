import { join, resolve } from 'node:path'
import type { Clock, EventStore, Ids } from '@sluice/core'
import {
  elastic,
  file,
  http,
  kafka,
  mappers,
  openExporters,
  splunk,
  SyslogSink,
  type Exporters,
  type Format,
  type Sink,
} from '@sluice/exporters'
import type { ElasticSinkConfig, ExporterConfig, SinkConfig, SyslogSinkConfig } from './config/exporters.ts'
import { connectionOf, tlsFiles } from './log.ts'
import { pemOf } from './pem.ts'
import { secretOf, type Named } from './secrets.ts'

export interface SinkParts extends Named {
  /** Who writes, for receivers that want to know. */
  readonly host: string
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  readonly report: (what: string, error: unknown) => void
}

export interface ExporterParts extends SinkParts {
  /** Folder of everything that outlives a start. */
  readonly data: string
  readonly store: Pick<EventStore, 'subscribe'>
}

/** Throws `SecretError` for what refers to nothing, so that it is found at start. */
export async function buildExporters(
  configs: readonly ExporterConfig[],
  parts: ExporterParts,
): Promise<Exporters> {
  const destinations = await Promise.all(
    configs.map(async (config) => ({
      name: config.name,
      mapper: mappers[config.format],
      sinceMs: config.sinceMs,
      sink: await sinkOf(config, config.format, parts),
    })),
  )
  return openExporters({ ...parts, destinations, folder: join(parts.data, 'exporters') })
}

/** `format`: of what it will be given. */
export async function sinkOf(of: SinkConfig, format: Format, parts: SinkParts): Promise<Sink> {
  switch (of.sink) {
    case 'file':
      return file({ ...of, ...parts, path: resolve(parts.base, of.path) })
    case 'syslog':
      return syslogOf(of, parts)
    case 'splunk': {
      const [token, authority] = await Promise.all([secretOf(of.token, parts), pemOf(of.tlsCa, parts.base)])
      return splunk({ ...of, ...parts, token, authority, sourcetype: of.sourcetype ?? `sluice:${format}` })
    }
    case 'elastic': {
      const [login, authority] = await Promise.all([loginOf(of.login, parts), pemOf(of.tlsCa, parts.base)])
      return elastic({ ...of, ...parts, login, authority })
    }
    case 'http': {
      const secret = of.secret === null ? null : await secretOf(of.secret, parts)
      const token = of.token === null ? null : await secretOf(of.token, parts)
      return http({ ...of, ...parts, secret, token, authority: await pemOf(of.tlsCa, parts.base) })
    }
    case 'kafka':
      return kafka({ topic: of.topic, ...(await connectionOf(of, parts)) })
  }
}

async function syslogOf({ tls, ...of }: SyslogSinkConfig, parts: SinkParts): Promise<Sink> {
  const files = await tlsFiles(tls, parts.base)
  return new SyslogSink({ ...of, ...parts, tls: files === false ? null : files === true ? {} : files })
}

async function loginOf(
  login: ElasticSinkConfig['login'],
  source: Named,
): Promise<Parameters<typeof elastic>[0]['login']> {
  if (login === null) return null
  return login.kind === 'api_key'
    ? { kind: login.kind, key: await secretOf(login.key, source) }
    : { kind: login.kind, user: login.user, password: await secretOf(login.password, source) }
}
