import { createPublicKey } from 'node:crypto'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '@sluice/core'
import { keptInFile, verifyKafka, verifyLog, type KeptCheckpoints, type Verification } from '@sluice/journal'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { parseConfig } from '../../config/config.ts'
import { withBrokers, type KafkaLogConfig, type LogConfig } from '../../config/log.ts'
import { noSecrets, type SecretsConfig } from '../../config/secrets.ts'
import { dataFolder } from '../../demo-state.ts'
import { durationMs } from '../../duration.ts'
import { brokersOf, connectionOf } from '../../log.ts'
import { printable } from '../../printable.ts'
import { progressOn } from '../../progress.ts'
import { openSecrets, type Named } from '../../secrets.ts'

export interface VerifyOptions {
  readonly log?: string | undefined
  readonly config?: string | undefined
  readonly since?: string | undefined
  readonly 'public-key'?: string | undefined
  readonly checkpoints?: readonly string[] | undefined
  readonly json: boolean
}

/** Reads the log itself, beside whoever writes it, and trusts no gateway. */
export async function verify(options: VerifyOptions, io: Io): Promise<ExitCode> {
  const since = options.since === undefined ? undefined : Date.now() - durationMs(options.since)
  if (since !== undefined && options.checkpoints !== undefined)
    throw new UsageError('--checkpoints says how far the whole log went: leave out --since')
  const { report, place } = await verified(options, since, io)
  if (options.json) io.out(`${JSON.stringify(report)}\n`)
  else show(report, place, io)
  return report.ok ? 0 : 1
}

async function verified(
  options: VerifyOptions,
  since: number | undefined,
  io: Io,
): Promise<{ readonly report: Verification; readonly place: string }> {
  if (options.log !== undefined) return inFolder(options.log, options, since)
  const { log, base, kept } = await placeOf(options, io)
  if (log.kind === 'kafka') {
    await using parts = new AsyncDisposableStack()
    const secrets = await openSecrets(kept, { base, env: io.env }, systemClock)
    parts.defer(() => secrets.close())
    return await onKafka(log, { base, secrets }, options, since, io)
  }
  const folder = log.path === null ? join(dataFolder(io.env), 'log') : resolve(base, log.path)
  return inFolder(folder, options, since)
}

/** As `serve` finds it. */
async function placeOf(
  { config: given }: VerifyOptions,
  io: Io,
): Promise<{ readonly log: LogConfig; readonly base: string; readonly kept: SecretsConfig }> {
  const brokers = brokersOf(io.env['KAFKA_BROKERS'])
  const read = given === undefined ? undefined : parseConfig(given, await readFile(given, 'utf8'))
  const log = read?.log ?? ({ kind: 'embedded', path: null, checkpoints: [] } as const)
  const base = given === undefined ? process.cwd() : dirname(resolve(given))
  const kept = read?.secrets ?? noSecrets
  return { log: brokers === null ? log : withBrokers(log, brokers), base, kept }
}

async function inFolder(folder: string, options: VerifyOptions, since: number | undefined) {
  return { report: await verifyLog(folder, { since, kept: await keptIn(options) }), place: folder }
}

/** The files that outlets filled. One that is not there is a mistake of the command. */
async function keptIn({ checkpoints = [] }: VerifyOptions): Promise<readonly KeptCheckpoints[]> {
  return Promise.all(
    checkpoints.map(async (name) => {
      try {
        await access(name, constants.R_OK)
      } catch {
        throw new UsageError(`--checkpoints names ${name}, which is no file that can be read`)
      }
      return keptInFile(name)
    }),
  )
}

async function onKafka(
  log: KafkaLogConfig,
  named: Named,
  options: VerifyOptions,
  since: number | undefined,
  io: Io,
) {
  const key = options['public-key']
  const tell = progressOn(io)
  const report = await verifyKafka({
    connection: await connectionOf(log, { ...named, clock: systemClock }),
    prefix: log.prefix,
    publicKey: key === undefined ? null : rawKey(await readFile(key, 'utf8')),
    kept: await keptIn(options),
    clock: systemClock,
    ...(since === undefined ? {} : { since }),
    progress: (events, { done, of }) =>
      tell(() => `${events} events checked, ${of === 0 ? 100 : Math.floor((100 * done) / of)} %`),
  })
  if (key === undefined && !options.json)
    io.error(
      'The log itself was asked for the key of its signatures: name one from elsewhere with --public-key.\n',
    )
  return { report, place: `Kafka at ${log.brokers.join(', ')}` }
}

/** The 32 bytes of an Ed25519 key, as PEM. */
function rawKey(pem: string): Uint8Array {
  try {
    const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    return der.subarray(der.length - 32)
  } catch {
    throw new UsageError('--public-key names no file with a public key (PEM)')
  }
}

function show(report: Verification, place: string, io: Io): void {
  for (const { segment, offset, stream, seq, what } of report.findings) {
    const event = stream === null ? '' : ` (stream ${stream}, event ${String(seq)})`
    const place = `${segment} at ${segment.includes('/') ? 'offset' : 'byte'} ${offset}`
    // Whoever changed the log chose the names in it.
    io.out(`FINDING  ${printable(`${place}: ${what}${event}`)}\n`)
  }
  const unknown = report.unknown === 0 ? '' : `, ${report.unknown} of a newer version kept in the chain`
  const removed = report.removed === 0 ? '' : `, ${report.removed} removed by retention, as signed`
  io.out(
    `${report.ok ? 'OK' : 'NOT OK'}  ${report.events} events in ${report.streams} streams${unknown}${removed}  ${place}\n`,
  )
}
