import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  demoState,
  demoStateFile,
  brokersOf,
  parseConfig,
  serve,
  withBrokers,
  type Config,
  type PolicyChange,
  type Running,
} from '@sluice/cli'
import {
  demoConfig,
  llmKeyVariable,
  shopApiKeyVariable,
  shopHostPasswordVariable,
  shopHostUser,
  shopPasswordVariable,
} from './demo-config.ts'
import { startIdentityProvider } from './identity-provider.ts'
import type { KeyedApi } from './keyed-api.ts'
import { llmLogFile, startLanguageModel } from './language-model.ts'
import { refuseTaken, type DemoPorts } from './ports.ts'
import { startPostgres, type Postgres } from './postgres.ts'
import { loadSampleData } from './sample-data.ts'
import { startShopApi } from './shop-api.ts'
import { newHostKeys, startShopHost } from './shop-host.ts'
import { stateOf, writeState } from './state-file.ts'

export interface DemoOptions {
  readonly ports: DemoPorts
  /** Everything that outlives a start: the record, keys, the database. */
  readonly data: string
  /** A configuration file that is laid over the demo's; `null` for the demo as it is. */
  readonly config: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is being started, for a person who waits. */
  readonly step: (what: string) => void
  readonly report: (what: string, error: unknown) => void
  readonly activated: (change: PolicyChange) => void
}

export interface Demo {
  readonly gateway: Running
  /** Folder of the policies in force. */
  readonly policies: string
  /** What PostgreSQL says of itself. */
  readonly postgresLog: string
  /** What the provider of the language model got and said, a line of JSON for each chat. */
  readonly llmLog: string
  /** Of every person of the demo, at its identity provider. */
  readonly password: string
  /** Drains, then stops everything. Idempotent. */
  close(): Promise<void>
}

/**
 * An identity provider, a PostgreSQL with sample data, an API over it, a host with a few files, a language model by script,
 * and the gateway in front of them, all on loopback. The gateway
 * comes last: once it answers, everything does. Throws `ConfigError` before anything is started.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { ports, data, env, step, report, activated } = options
  const hostKeys = newHostKeys()
  const below = demoConfig(ports, hostKeys.public)
  const config = logged(await readConfig(options, below), env)
  await refuseRunning(data)
  await refuseTaken(portsOf(config, ports))
  await mkdir(data, { recursive: true, mode: 0o700 })
  await using parts = new AsyncDisposableStack()

  const provider = await startIdentityProvider({ port: ports.identityProvider })
  parts.defer(() => provider.close())

  step('starting PostgreSQL with sample data')
  const postgresLog = join(data, 'postgres.log')
  const postgres = await startShop(data, ports.postgresBackend, postgresLog)
  parts.defer(() => postgres.close())
  await loadSampleData(postgres)
  const shopApiKey = newKey()
  const shopApi = await startShopApi({ port: ports.httpBackend, key: shopApiKey, database: postgres })
  parts.defer(() => shopApi.close())
  const login = { user: shopHostUser, password: newKey() }
  const shopHost = await startShopHost({ port: ports.sshBackend, keys: hostKeys, ...login })
  parts.defer(() => shopHost.close())
  const llmKey = newKey()
  const llmLog = llmLogFile(data)
  const llm = await startModel(ports.llmBackend, llmKey, llmLog)
  parts.defer(() => llm.close())

  step('starting the gateway')
  const base = dirname(resolve(config.file))
  const apis = { 'shop-api': { ...shopApi, key: shopApiKey }, 'shop-llm': { ...llm, key: llmKey } }
  const state = stateOf(config, provider, postgres, apis, { ...shopHost, ...login })
  await writeState(data, { ...state, config: below })
  parts.defer(() => rm(demoStateFile(data), { force: true }))
  const gateway = await serve(config, {
    data,
    base,
    env: {
      ...env,
      [shopPasswordVariable]: postgres.app.password,
      [shopApiKeyVariable]: shopApiKey,
      [shopHostPasswordVariable]: login.password,
      [llmKeyVariable]: llmKey,
    },
    report,
    activated,
  })
  parts.defer(() => gateway.close())

  const open = parts.move()
  let closing: Promise<void> | undefined
  return {
    gateway,
    policies: resolve(base, config.policies),
    postgresLog,
    llmLog,
    password: provider.login.password,
    close: () => (closing ??= open.disposeAsync()),
  }
}

async function readConfig({ config }: DemoOptions, below: object): Promise<Config> {
  if (config === null) return parseConfig('demo', '', below)
  return parseConfig(config, await readFile(config, 'utf8'), below)
}

/** `KAFKA_BROKERS` keeps the log there; for a demo one broker is enough. */
function logged(config: Config, env: DemoOptions['env']): Config {
  const brokers = brokersOf(env['KAFKA_BROKERS'])
  if (brokers === null) return config
  const replication = Math.min(3, brokers.length)
  return {
    ...config,
    log: { ...withBrokers(config.log, brokers), replication, allowUnsafe: ['single_broker'] },
  }
}

/** Two demos cannot share a data folder; what a killed one left there is no demo. */
async function refuseRunning(data: string): Promise<void> {
  const other = await demoState({ SLUICE_DATA: data })
  if (other === null) return
  const answers = await fetch(new URL('/readyz', other.api)).then(
    () => true,
    () => false,
  )
  if (answers)
    throw new Error(
      `a demo with the data folder ${data} runs already, at ${other.api}. Stop that one, or start this one beside ` +
        'it with other ports and another folder, e.g. SLUICE_PORT_BASE=7500 SLUICE_DATA=.sluice/second npm start',
    )
}

function portsOf({ api, listen }: Config, own: DemoPorts): readonly number[] {
  const gateway = [listen.postgres, listen.http, listen.ssh].flatMap((each) =>
    each === null ? [] : [each.address.port],
  )
  return [
    api.listen.port,
    own.identityProvider,
    ...gateway,
    own.postgresBackend,
    own.httpBackend,
    own.sshBackend,
    own.llmBackend,
  ]
}

function newKey(): string {
  return randomBytes(24).toString('base64url')
}

async function startModel(port: number, key: string, log: string): Promise<KeyedApi> {
  await writeFile(log, '', { mode: 0o600 })
  return startLanguageModel({ port, key, heard: (chat) => appendFileSync(log, `${JSON.stringify(chat)}\n`) })
}

async function startShop(data: string, port: number, log: string): Promise<Postgres> {
  await writeFile(log, '', { mode: 0o600 })
  return startPostgres({
    dataDir: join(data, 'postgres'),
    port,
    log: (line) => appendFileSync(log, `${line}\n`),
  })
}
