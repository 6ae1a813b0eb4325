import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '@sluice/cli'
import { kafkaVersion, nodeSettings } from '@sluice/kafka'
import { parse } from 'yaml'

/** There is no Docker where tests run: what is said in several places is held together here. */

interface Service {
  readonly image?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly build?: { readonly context: string; readonly dockerfile: string }
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly volumes: Readonly<Record<string, object>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

const folder = fileURLToPath(new URL('.', import.meta.url))
const here = (path: string): string => join(folder, path)
const compose = parse(readFileSync(here('compose.yaml'), 'utf8'), { merge: true }) as Compose
const services = Object.entries(compose.services)
const gateway = compose.services['gateway']
const dockerfile = readFileSync(here('../docker/Dockerfile'), 'utf8')
const config = parseConfig(here('sluice.yaml'), readFileSync(here('sluice.yaml'), 'utf8'))

suite('compose.yaml', () => {
  test('confines each service', () => {
    assert.deepEqual(Object.keys(compose.services), ['gateway', 'kafka', 'postgres'])
    for (const [name, service] of services) {
      assert.deepEqual(service.cap_drop, ['ALL'], name)
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    }
    assert.equal(gateway?.read_only, true)
  })

  test('publishes on this machine only, and the gateway alone', () => {
    for (const [name, { ports = [], networks }] of services) {
      if (name !== 'gateway') assert.deepEqual([ports, networks], [[], ['inside']], name)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/)
    }
    assert.equal(compose.networks['inside']?.internal, true)
  })

  test('knows of each service whether it is well', () => {
    for (const [name, { healthcheck, build }] of services)
      assert.ok(healthcheck !== undefined || (build !== undefined && /^HEALTHCHECK/m.test(dockerfile)), name)
  })

  test('mounts what is there, and declares what it mounts', () => {
    for (const [, { volumes = [], secrets = [] }] of services) {
      for (const volume of volumes) {
        const [from = '', , mode] = volume.split(':')
        if (!from.startsWith('.')) assert.ok(from in compose.volumes, volume)
        else assert.ok(existsSync(here(from)) && mode === 'ro', volume)
      }
      for (const secret of secrets) assert.ok(secret in compose.secrets, secret)
    }
    assert.ok(gateway?.volumes?.includes('gateway:/data') && /^VOLUME \/data$/m.test(dockerfile))
  })

  test('runs the broker that is tested, with the settings it is tested with', () => {
    const kafka = compose.services['kafka']
    assert.equal(kafka?.image, `apache/kafka:${kafkaVersion}`)
    const said = Object.entries(kafka?.environment ?? {}).map(([name, value]): [string, string] => [
      name
        .replace(/^KAFKA_/, '')
        .toLowerCase()
        .replaceAll('_', '.'),
      String(value),
    ])
    const node = { id: 1, port: 9_092, controllerPort: 9_093, directoryId: '' }
    const tested = nodeSettings(node, [node], '')
    const own = /^(listeners|advertised\.listeners|log\.dirs)$/
    const both = said.filter(([name]) => name in tested && !own.test(name))
    assert.ok(both.length >= 12, both.join())
    for (const [name, value] of both) assert.equal(value, String(tested[name]), name)
  })
})

suite('sluice.yaml', () => {
  test('names what compose.yaml has', () => {
    assert.equal(config.log.kind, 'kafka')
    assert.deepEqual(config.log.kind === 'kafka' && [config.log.brokers, config.log.allowUnsafe], [
      ['kafka:9092'],
      ['single_broker'],
    ])
    assert.deepEqual(config.targets[0]?.target.address, { host: 'postgres', port: 5_432 })
    for (const port of [config.api.listen.port, config.listen.postgres?.address.port ?? 0])
      assert.ok(gateway?.ports?.includes(`127.0.0.1:${port}:${port}`), String(port))
    assert.ok(gateway?.volumes?.some((each) => each.endsWith(`:/etc/sluice/${config.policies}:ro`)))
    const text = readFileSync(here('sluice.yaml'), 'utf8')
    const used = [...text.matchAll(/\/run\/secrets\/([\w.-]+)/g)].map(([, name = '']) => name)
    assert.deepEqual(used.toSorted(), gateway?.secrets?.toSorted())
  })
})

suite('secrets.sh', () => {
  test('makes every secret once, in a folder that nobody else enters', () => {
    const copy = mkdtempSync(join(tmpdir(), 'sluice-compose-'))
    try {
      cpSync(here('secrets.sh'), join(copy, 'secrets.sh'))
      const made = (): readonly string[] => {
        execFileSync('sh', [join(copy, 'secrets.sh')])
        return Object.values(compose.secrets).map(({ file }) => readFileSync(join(copy, file), 'utf8'))
      }
      const first = made()
      assert.deepEqual(made(), first)
      assert.equal(statSync(join(copy, 'secrets')).mode & 0o777, 0o700)
      const [owner = '', app = '', cert = '', key = ''] = first
      assert.ok(owner !== app && [owner, app].every((password) => /^[0-9a-f]{48}\n$/.test(password)))
      createSecureContext({ cert, key })
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  })
})
