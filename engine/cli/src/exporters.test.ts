import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemIds } from '@sluice/core'
import { SecretError, secretSource } from '@sluice/identity'
import type { Exporters } from '@sluice/exporters'
import { sinkDefaults, type ExporterConfig, type SinkConfig } from './config/exporters.ts'
import { buildExporters } from './exporters.ts'
import { scratchFolder } from './scripted.ts'

function built(of: SinkConfig, data: string, env: Readonly<Record<string, string>> = {}): Promise<Exporters> {
  const config: ExporterConfig = { name: 'siem', format: 'ocsf', sinceMs: 0, ...of }
  return buildExporters([config], {
    data,
    base: data,
    secrets: secretSource({ base: data, env, clock: systemClock }),
    host: 'gw_a',
    store: { subscribe: async function* () {} },
    clock: systemClock,
    ids: systemIds(systemClock),
    report: () => {},
  })
}

const url = new URL('https://siem.example')

suite('what refers to nothing is found at start', () => {
  const secret = { env: 'SECRET' }
  const sinks: readonly SinkConfig[] = [
    { sink: 'splunk', ...sinkDefaults.splunk, url, tlsCa: null, token: secret },
    { sink: 'elastic', url, tlsCa: null, index: 'x', login: { kind: 'api_key', key: secret } },
    { sink: 'elastic', url, tlsCa: null, index: 'x', login: { kind: 'basic', user: 'u', password: secret } },
    { sink: 'http', url, tlsCa: null, shape: 'ndjson', secret, token: null },
    { sink: 'http', url, tlsCa: null, shape: 'ndjson', secret: null, token: secret },
    {
      sink: 'kafka',
      brokers: ['k:1'],
      topic: 't',
      tls: false,
      sasl: { mechanism: 'plain', user: 'u', password: secret },
    },
  ]
  for (const of of sinks)
    test(`a secret of ${of.sink}`, async () => {
      using folder = scratchFolder()
      await assert.rejects(built(of, folder.path), SecretError)
      await (await built(of, folder.path, { SECRET: 's' })).close()
      assert.ok(existsSync(join(folder.path, 'exporters', 'siem.db')))
    })

  test('an authority', async () => {
    using folder = scratchFolder()
    const authorities: readonly SinkConfig[] = [
      { sink: 'http', url, tlsCa: 'ca.pem', shape: 'ndjson', secret: null, token: null },
      {
        sink: 'syslog',
        ...sinkDefaults.syslog,
        address: { host: 'x', port: 1 },
        tls: { ca: 'ca.pem', cert: null, key: null },
      },
    ]
    for (const of of authorities) await assert.rejects(built(of, folder.path), /ENOENT/)
    writeFileSync(join(folder.path, 'ca.pem'), 'pem')
    for (const of of authorities) await (await built(of, folder.path)).close()
  })
})
