import { access, constants, readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { verifyLog } from '@sluice/journal'
import { readCheckpoints } from '@sluice/notices'
import type { PolicyView } from '@sluice/api'
import { systemClock, type Address, type Certify, type Finding } from '@sluice/core'
import {
  isCertified,
  loginAuthority,
  nameOf,
  SecretError,
  sshKey,
  type ManagedReference,
  type SecretPlace,
  type SecretSource,
} from '@sluice/identity'
import { probeTarget } from '../added-targets.ts'
import { connectApi } from '../client.ts'
import { Unreachable, UsageError, type Command, type Io } from '../command.ts'
import { addressOf } from '../config/address.ts'
import { parseConfig, type Config } from '../config/config.ts'
import { ConfigDocument } from '../config/document.ts'
import { isMapping } from '../config/merged.ts'
import type { RecogniserConfig } from '../config/recognisers.ts'
import { directDialer } from '../dial.ts'
import { noticesFolder } from '../notices.ts'
import { dataFolder, demoState, type DemoState } from '../demo-state.ts'
import { printable } from '../printable.ts'
import { buildRecognisers } from '../recognisers.ts'
import type { Check } from './doctor/check.ts'
import { agentsOf, throughAgent } from './doctor/agents.ts'
import { referencesIn } from '../references.ts'
import { openSecrets } from '../secrets.ts'

export const doctor: Command = {
  usage: `sluice doctor [--config sluice.yaml] [--json]

  --config <file>  default $SLUICE_CONFIG. While the demo runs here it is laid over the demo's, as npm start does

With the demo running, --json also prints the addresses and credentials of the backends behind it.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    })
    if (positionals.length > 0) throw new UsageError(`unexpected "${positionals.join(' ')}"`)
    const demo = await demoState(io.env)
    const file = values.config ?? io.env['SLUICE_CONFIG']
    const checks = [
      runtime(),
      await dataFolderCheck(dataFolder(io.env)),
      ...(file === undefined ? [] : await configChecks(file, demo?.config, io)),
      ...(demo === null ? [] : await demoChecks(demo)),
      ...(demo === null && io.env['SLUICE_TOKEN'] === undefined ? [] : await policiesInForce(io)),
      ...(await noticeChecks(noticesFolder(dataFolder(io.env)))),
      await logCheck(join(dataFolder(io.env), 'log')),
    ]
    if (values.json) io.out(`${JSON.stringify({ checks, direct: demo?.direct ?? null })}\n`)
    else for (const check of checks) show(check, io)
    return checks.every(({ ok }) => ok) ? 0 : 1
  },
}

function show({ name, ok, detail, remedy }: Check, io: Io): void {
  const mark = ok ? (remedy === undefined ? 'ok  ' : 'note') : 'FAIL'
  io.out(`${mark}  ${name}: ${detail}\n${remedy === undefined ? '' : `      ${remedy}\n`}`)
}

const nodeMajor = 24

function runtime(): Check {
  const major = Number(process.versions.node.split('.')[0])
  return { name: 'runtime', ok: major >= nodeMajor, detail: `Node ${process.versions.node}` }
}

async function dataFolderCheck(folder: string): Promise<Check> {
  try {
    await access(folder, constants.W_OK)
    const mode = (await stat(folder)).mode & 0o777
    const open = (mode & 0o077) !== 0
    const detail = open ? `${folder} is readable by others (mode ${mode.toString(8)}): chmod 700 it` : folder
    return { name: 'data folder', ok: !open, detail }
  } catch {
    return { name: 'data folder', ok: true, detail: `${folder} will be created` }
  }
}

/** `below`: what runs here already, over which the file is laid. Only what the file adds is then looked at. */
async function configChecks(file: string, below: object | undefined, io: Io): Promise<readonly Check[]> {
  try {
    const text = await readFile(file, 'utf8')
    const whole = parseConfig(file, text, below)
    const config =
      below === undefined
        ? whole
        : { ...whole, targets: whole.targets.filter(isIn(new ConfigDocument(file, text))) }
    const place = { base: dirname(resolve(file)), env: io.env }
    const policies = resolve(dirname(file), config.policies)
    const found = await access(policies).then(
      () => true,
      () => false,
    )
    return [
      {
        name: 'configuration',
        ok: true,
        detail: below === undefined ? file : `${file}, laid over the demo's`,
      },
      { name: 'policies', ok: found, detail: found ? policies : `${policies} does not exist` },
      ...(await secretChecks(config, place)),
      ...(await targetChecks(config, place, io)),
      ...(await Promise.all(config.recognisers.map((each) => recogniserCheck(each, dirname(resolve(file)))))),
    ]
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return [{ name: 'configuration', ok: false, detail, ...(below === undefined ? { remedy: alone } : {}) }]
  }
}

const alone =
  'It is looked at as a whole. A file that is laid over the demo’s is checked together with that, while npm start runs here.'

/** Which targets a file names itself. */
function isIn({ value }: ConfigDocument): (each: Config['targets'][number]) => boolean {
  const targets: unknown = isMapping(value) ? value['targets'] : undefined
  const own = Array.isArray(targets) ? targets : []
  return ({ target }) => own.some((each) => isMapping(each) && each['name'] === target.name)
}

/** Reads each secret once, as the gateway would, and shows none. What was lent for it is given back. */
async function secretChecks(config: Config, place: SecretPlace): Promise<readonly Check[]> {
  await using parts = new AsyncDisposableStack()
  const secrets = await openSecrets(config.secrets, place, systemClock)
  parts.defer(() => secrets.close())
  return await Promise.all(
    referencesIn(config).map(async ({ of, reference, isLogin }) => {
      const name = `secret of ${of}`
      try {
        if (isLogin) await secrets.login(reference as ManagedReference)
        else await secrets.read(reference)
        return { name, ok: true, detail: `${nameOf(reference)} can be read` }
      } catch (error) {
        if (!(error instanceof SecretError)) throw error
        return { name, ok: false, detail: printable(error.message) }
      }
    }),
  )
}

/** Logs in at each target as the gateway would; what is behind agents only the gateway reaches. */
async function targetChecks(config: Config, place: SecretPlace, io: Io): Promise<readonly Check[]> {
  const agents = config.targets.some(({ target }) => target.via !== undefined) ? await agentsOf(io) : []
  await using parts = new AsyncDisposableStack()
  const secrets = await openSecrets(config.secrets, place, systemClock)
  parts.defer(() => secrets.close())
  const certify = await certifier(config, join(dataFolder(io.env), 'keys'), secrets)
  const ports = { dialer: directDialer(), secrets, certify, clock: systemClock }
  const found = await Promise.all(
    config.targets.map(async (each) => {
      const { target } = each
      if (target.via !== undefined) return [throughAgent(target, target.via, agents)]
      return (await probeTarget(each, ports)).map((finding) => checkOf(target.name, finding))
    }),
  )
  return found.flat()
}

/** As the gateway itself signs what it logs in with, where a target asks for that. */
async function certifier(config: Config, keys: string, secrets: SecretSource): Promise<Certify> {
  const isAsked = config.targets.some(({ credential }) => credential !== null && isCertified(credential))
  if (!isAsked) return () => new Uint8Array()
  return loginAuthority(await sshKey('ssh_login_ca', config.sshLoginKey, keys, secrets), systemClock).certify
}

function checkOf(target: string, finding: Finding): Check {
  const { state, about, detail } = finding
  const check = { name: `target ${target}, ${about}`, ok: state !== 'bad', detail: printable(detail) }
  return state === 'good' ? check : { ...check, remedy: printable(finding.remedy) }
}

/** Asked about a text of nobody: whether it finds somebody there is its own affair. */
const askedOfRecognisers = 'Ann Lee lives in Berlin.'

async function recogniserCheck(config: RecogniserConfig, base: string): Promise<Check> {
  const name = `recogniser ${config.name}`
  try {
    const [recogniser] = await buildRecognisers([config], base)
    await recogniser?.recognise([askedOfRecognisers], new AbortController().signal)
    return {
      name,
      ok: true,
      detail: `${config.url.origin} answers, for ${Object.values(config.entities).join(', ')}`,
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { name, ok: false, detail: printable(`${config.url.origin}: ${why}`) }
  }
}

async function demoChecks(demo: DemoState): Promise<readonly Check[]> {
  const gateways = Object.entries(demo.listen).map(([protocol, address]) =>
    reachable(`gateway ${protocol}`, addressOf(address)),
  )
  return Promise.all([ready(demo.api), ...gateways])
}

async function ready(api: string): Promise<Check> {
  try {
    const response = await fetch(new URL('/readyz', api))
    return { name: 'API', ok: response.ok, detail: `${api} answers ${response.status}` }
  } catch {
    return { name: 'API', ok: false, detail: `${api} does not answer: start the demo with npm start` }
  }
}

async function policiesInForce(io: Io): Promise<readonly Check[]> {
  const name = 'policy files'
  try {
    const client = await connectApi(io)
    const view = (await (await client.get('/v1/policies')).json()) as PolicyView
    return [
      { name, ok: view.files !== 'rejected', detail: printable(standing(view)) },
      ...(view.unusable === null ? [] : [notFollowed(view.active, view.unusable)]),
    ]
  } catch (error) {
    // Not everybody may see them, which is nothing wrong.
    const detail = error instanceof Error ? error.message : String(error)
    return [{ name, ok: !(error instanceof Unreachable), detail }]
  }
}

/** Activated at another gateway of the log. */
function notFollowed(active: string, { revision, errors }: NonNullable<PolicyView['unusable']>): Check {
  const kept = `${revision.slice(0, 12)} was activated and cannot be used here, ${active.slice(0, 12)} stays in force`
  return { name: 'policies of the log', ok: false, detail: printable(`${kept}: ${inOneLine(errors)}`) }
}

function inOneLine(errors: string): string {
  return errors.replaceAll(/\n\s*/g, '; ')
}

function standing({ active, files, rejected }: PolicyView): string {
  const revision = active.slice(0, 12)
  switch (files) {
    case 'active':
      return `in force as ${revision}`
    case 'differ':
      return `set aside until they change: ${revision} was activated over them (sluice policy ls)`
    case 'rejected':
      return `not used, ${revision} stays in force: ${inOneLine(rejected?.errors ?? '')}`
  }
}

/** By what the gateway left of the destinations that it served last. */
async function noticeChecks(folder: string): Promise<readonly Check[]> {
  return [...(await readCheckpoints(folder))].map(([destination, checkpoint]) => {
    const name = `notices to ${destination}`
    if (checkpoint === 'unreadable')
      return {
        name,
        ok: false,
        detail: `${join(folder, destination)}.json is not readable: the last are repeated`,
      }
    const { trouble } = checkpoint
    if (trouble === null) return { name, ok: true, detail: 'nothing failed' }
    const { since, reason, attempts } = trouble
    const times = attempts === 1 ? 'once' : `${attempts} times`
    return {
      name,
      ok: false,
      detail: `failed ${times} since ${new Date(since).toISOString()}: ${printable(reason)}`,
    }
  })
}

const connectMs = 3_000

function reachable(name: string, { host, port }: Address): Promise<Check> {
  return new Promise((settle) => {
    const socket = connect({ host, port, timeout: connectMs })
    const answer = (ok: boolean, detail: string): void => {
      socket.destroy()
      settle({ name, ok, detail: `${host}:${port} ${detail}` })
    }
    socket.once('connect', () => answer(true, 'accepts connections'))
    socket.once('timeout', () => answer(false, `did not answer within ${connectMs} ms`))
    socket.once('error', (error) => answer(false, error.message))
  })
}

async function logCheck(folder: string): Promise<Check> {
  try {
    await access(folder)
  } catch {
    return { name: 'log', ok: true, detail: `${folder} will be created` }
  }
  const report = await verifyLog(folder)
  const detail = report.ok
    ? `${report.events} events, whole`
    : `${report.findings.length} findings: sluice audit verify`
  return { name: 'log', ok: report.ok, detail }
}
