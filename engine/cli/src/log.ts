import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock, Ids } from '@sluice/core'
import { readSecret } from '@sluice/identity'
import {
  acquireLock,
  makeFolder,
  openEmbedded,
  openKafka,
  openKeys,
  verifyApart,
  type KafkaConnection,
  type Log,
  type LogPlace,
  type Verification,
  type VerifyProgress,
} from '@sluice/journal'
import { buildOutlets } from './checkpoint-outlets.ts'
import type { KafkaLogConfig, LogConfig, SaslConfig, TlsConfig } from './config/log.ts'
import type { RetentionConfig } from './config/retention.ts'
import { clientCredentials } from './client-credentials.ts'
import { pemOf } from './pem.ts'
import type { Named } from './secrets.ts'

export interface LogPorts extends Named {
  /** Folder for what this gateway keeps. */
  readonly data: string
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
  /** Other gateways have taken this one for lost: nothing is served any more. */
  readonly lost: () => void
  readonly retention: RetentionConfig
}

export interface OpenedLog {
  readonly log: Log
  /** Where it is, for people. */
  readonly place: string
  /** Reads all of it once more, apart from whatever else this process does. Rejects when that cannot be. */
  readonly verify: (
    progress: (progress: VerifyProgress) => void,
    signal: AbortSignal,
  ) => Promise<Verification>
}

/** Opens the log of the configuration. Whoever closes it releases everything that belongs to it. */
export async function openLog(config: LogConfig, ports: LogPorts): Promise<OpenedLog> {
  const { data, base, clock, ids, report } = ports
  const keys = join(data, 'keys')
  if (config.kind === 'kafka') return openOnKafka(config, keys, ports)
  const path = config.path === null ? join(data, 'log') : resolve(base, config.path)
  const outlets = await buildOutlets(config.checkpoints, ports)
  const log = await openEmbedded({ path, keys, clock, ids, report, outlets })
  return { log, place: path, ...verifying({ kind: 'folder', folder: path, kept: keptFiles(config, base) }) }
}

/** `KAFKA_BROKERS`: addresses, separated by commas. */
export function brokersOf(text: string | undefined): readonly string[] | null {
  const brokers = (text ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
  return brokers.length === 0 ? null : brokers
}

async function openOnKafka(config: KafkaLogConfig, keyFolder: string, ports: LogPorts): Promise<OpenedLog> {
  const { data, clock, ids, report, lost } = ports
  const folder = join(data, 'gateway')
  await makeFolder(folder)
  // Two processes of one name would take each other for the same gateway.
  const lock = await acquireLock(folder, clock)
  await using opening = new AsyncDisposableStack()
  opening.defer(() => lock.release())
  const outlets = await buildOutlets(config.checkpoints, ports)
  const connection = await connectionOf(config, ports)
  const gatewayKeys = await openKeys(keyFolder)
  const log = await openKafka({
    connection,
    prefix: config.prefix,
    writer: config.gateway ?? (await gatewayName(join(folder, 'name'), ids)),
    keys: gatewayKeys,
    replication: config.replication,
    allowUnsafe: config.allowUnsafe,
    retentionMs: { audit: ports.retention.auditMs, bodies: ports.retention.bodiesMs },
    clock,
    ids,
    report,
    outlets,
    lost,
    closed: () => lock.release(),
  })
  opening.move()
  const { publicKey } = gatewayKeys
  const kept = keptFiles(config, ports.base)
  return {
    log,
    place: `Kafka at ${config.brokers.join(', ')}`,
    ...(config.sasl?.mechanism === 'oauthbearer'
      ? { verify: () => Promise.reject(new Error(tokensAreHere)) }
      : verifying({ kind: 'kafka', connection, prefix: config.prefix, publicKey, kept })),
  }
}

/** Another thread cannot ask for them. */
const tokensAreHere = 'brokers that ask for OAuth tokens are read by sluice audit verify alone'

function verifying(place: LogPlace): Pick<OpenedLog, 'verify'> {
  return { verify: (progress, signal) => verifyApart(place, progress, signal) }
}

/** What its own outlets wrote to files of this machine. */
function keptFiles({ checkpoints }: Pick<LogConfig, 'checkpoints'>, base: string): readonly string[] {
  return checkpoints.flatMap((each) => (each.kind === 'file' ? [resolve(base, each.path)] : []))
}

/** Made at the first start in this folder. */
async function gatewayName(file: string, ids: Ids): Promise<string> {
  const name = ids.next('gw')
  try {
    await writeFile(file, `${name}\n`, { flag: 'wx', mode: 0o600, flush: true })
    return name
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return (await readFile(file, 'utf8')).trim()
  }
}

/** How to reach brokers, with the secrets and files that the configuration names. */
export async function connectionOf(
  { brokers, tls, sasl }: Pick<KafkaLogConfig, 'brokers' | 'tls' | 'sasl'>,
  source: Pick<LogPorts, 'base' | 'secrets' | 'clock'>,
): Promise<KafkaConnection> {
  const files = await tlsFiles(tls, source.base)
  return {
    brokers,
    ...(files === false ? {} : { tls: files }),
    ...(sasl === null ? {} : { sasl: await saslOf(sasl, source) }),
  }
}

/** What the named files hold. */
export async function tlsFiles(
  tls: TlsConfig,
  base: string,
): Promise<boolean | Readonly<Record<string, string>>> {
  if (typeof tls === 'boolean') return tls
  return defined({
    ca: await pemOf(tls.ca, base),
    cert: await pemOf(tls.cert, base),
    key: await pemOf(tls.key, base),
  })
}

async function saslOf(
  sasl: SaslConfig,
  source: Pick<LogPorts, 'base' | 'secrets' | 'clock'>,
): Promise<NonNullable<KafkaConnection['sasl']>> {
  if (sasl.mechanism === 'oauthbearer') {
    const { tokenUrl, clientId, clientSecret, scope } = sasl
    const secret = (): Promise<string> => readSecret(clientSecret, source.secrets)
    const wantedBy = 'the brokers'
    const token = clientCredentials({ tokenUrl, clientId, secret, scope, wantedBy }, source.clock)
    return { mechanism: sasl.mechanism, oauthBearerProvider: async () => ({ value: await token() }) }
  }
  const { mechanism, user: username, password } = sasl
  return { mechanism, username, password: await readSecret(password, source.secrets) }
}

function defined(
  files: Readonly<Record<'ca' | 'cert' | 'key', string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).flatMap(([key, pem]) => (pem === undefined ? [] : [[key, pem]])),
  )
}
