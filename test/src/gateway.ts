import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseConfig, serve } from '@sluice/cli'
import type { EventStore, RecordedEvent } from '@sluice/core'
import { demoConsole, demoIssuer, demoToken, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import type { Certificate } from './certificate.ts'
import { credentialsOf, entryOf, type GatewayTarget } from './gateway-target.ts'
import type { Login, Place } from './wire-client.ts'

export interface GatewayOptions {
  readonly provider: IdentityProvider
  /** Folder of the policies. */
  readonly policies: string
  /** Laid over the data.json of the policies. */
  readonly policyData?: Readonly<Record<string, unknown>>
  readonly targets: readonly GatewayTarget[]
  /** What clients are offered. */
  readonly tls?: Certificate
  /** Where it listens for them; on loopback when it is not given. */
  readonly host?: string
  /** Stands between the engine and its log. */
  readonly store?: (store: EventStore) => EventStore
  /** A folder for its log and keys that outlives it, so that the next one goes on with them. */
  readonly data?: string
  /** Who answers for a subject, by subject ids. */
  readonly owners?: Readonly<Record<string, readonly string[]>>
  /** Issuers beside the provider, and the URL at which browsers reach the API. */
  readonly issuers?: readonly object[]
  /** Plain keys of SSH, and who they speak for. */
  readonly sshKeys?: readonly object[]
  readonly apiUrl?: string
  /** As the configuration file says it. */
  readonly notices?: object
  readonly exporters?: object
  readonly log?: object
  readonly telemetry?: object
  readonly masking?: object
  /** By which clients of SSH call it, for a certificate of its host key; it shows none without. */
  readonly sshNames?: readonly string[]
  /** After which a client that does not read is cut off. */
  readonly stallSeconds?: number
  readonly secrets?: object
  /** Where agents connect, e.g. `127.0.0.1:0`; there are none when it is not given. */
  readonly agents?: string
  /** Of its environment, beside the credentials of its targets. */
  readonly env?: Readonly<Record<string, string>>
}

/** A gateway of a suite's own, as `sluice serve` runs it, with a log on disk. */
export interface Gateway extends Place {
  readonly api: Place
  readonly http: Place
  readonly ssh: Place
  /** Where agents connect. */
  readonly agents: Place | null
  /** Where its metrics are. */
  readonly prometheus: Place | null
  /** Folder of the log. */
  readonly log: string
  /** What it told its operator. */
  readonly reports: readonly string[]
  /** How a subject logs in at a target. */
  login(subject: DemoSubject, target: string): Promise<Login>
  /** A token of a subject. */
  token(subject: DemoSubject): Promise<string>
  /** The same at a target of HTTP. */
  door(subject: DemoSubject, target: string): Promise<HttpDoor>
  /** Everything in the log so far. */
  events(): Promise<readonly RecordedEvent[]>
  /** Idempotent. */
  close(): Promise<void>
}

/** An HTTP API, and how to get in. */
export interface HttpDoor extends Place {
  /** Stands in front of every path, e.g. `/shop-api`. */
  readonly prefix: string
  /** E.g. `http://127.0.0.1:7480/shop-api`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Policies compiled by an earlier gateway serve the next: compiling is most of what a start costs. */
export const compiledPolicies: string = fileURLToPath(new URL('../../.sluice/test-policies', import.meta.url))

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  await using parts = new AsyncDisposableStack()
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'sluice-gateway-')))
  if (options.data === undefined) parts.defer(() => rm(folder, { recursive: true, force: true }))
  await mkdir(compiledPolicies, { recursive: true, mode: 0o700 })
  await rm(join(folder, 'policies'), { force: true })
  await symlink(compiledPolicies, join(folder, 'policies'))
  await writeFile(join(folder, 'tls.cert'), options.tls?.cert ?? '')
  await writeFile(join(folder, 'tls.key'), options.tls?.key ?? '', { mode: 0o600 })
  const reports: string[] = []
  let log: EventStore | undefined
  const known: RecordedEvent[] = []
  const policies = await policiesOf(options, folder)
  const running = await serve(
    parseConfig('sluice.yaml', JSON.stringify(configOf({ ...options, policies }))),
    {
      data: folder,
      base: folder,
      env: { ...credentialsOf(options.targets), ...options.env },
      report: (what, error) => reports.push(`${what}: ${String(error)}`),
      store: (store) => (log = options.store?.(store) ?? store),
    },
  )
  parts.defer(() => running.close())
  const { postgres, http, ssh } = running
  if (postgres === null || http === null || ssh === null) throw new Error('the gateway does not listen')
  const open = parts.move()
  const tokens = new Map<DemoSubject, Promise<string>>()
  const tokenOf = (subject: DemoSubject): Promise<string> => {
    const token = tokens.get(subject) ?? demoToken(options.provider, subject)
    tokens.set(subject, token)
    return token
  }
  let closing: Promise<void> | undefined
  return {
    ...postgres,
    api: running.api,
    http,
    ssh,
    agents: running.agents,
    prometheus: running.prometheus,
    log: running.log,
    reports,
    async login(subject, database) {
      return { ...postgres, user: subject, password: await tokenOf(subject), database }
    },
    token: tokenOf,
    async door(subject, target) {
      const headers = { 'x-sluice-authorization': `Bearer ${await tokenOf(subject)}` }
      return doorAt(http, `/${target}`, headers)
    },
    async events() {
      for await (const event of log?.read(known.at(-1)?.position) ?? []) known.push(event)
      return [...known]
    },
    close: () => (closing ??= open.disposeAsync()),
  }
}

/** A copy where the data is not that of the folder. */
async function policiesOf({ policies, policyData }: GatewayOptions, folder: string): Promise<string> {
  if (policyData === undefined) return policies
  const copy = join(folder, 'changed-policies')
  await cp(policies, copy, { recursive: true })
  const file = join(copy, 'data.json')
  const data = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  await writeFile(file, JSON.stringify({ ...data, ...policyData }))
  return copy
}

/** Nobody waits for people: what the starter policies hold is answered as pending at once, and soon forgotten. */
export const nobodyWaits = {
  hold_s: 0,
  approval_s: 1,
  // A catalogue of attacks is denied more often than any caller may be.
  budgets: { run_rows: 1_000_000_000, subject_denials: 1_000_000_000 },
} as const

export function doorAt(place: Place, prefix = '', headers: Readonly<Record<string, string>> = {}): HttpDoor {
  const { host, port } = place
  return { host, port, prefix, url: `http://${host}:${port}${prefix}`, headers }
}

/** What `sluice serve` reads. */
export function configOf(options: GatewayOptions): object {
  const {
    provider,
    policies,
    targets,
    tls,
    notices,
    exporters,
    log,
    telemetry,
    masking,
    stallSeconds,
    secrets,
    agents,
    host = '127.0.0.1',
    owners = {},
  } = options
  const { audience, groups_claim, type_claim } = demoIssuer
  const address = '127.0.0.1:0'
  const files = {
    ...(tls === undefined ? {} : { tls: { cert: 'tls.cert', key: 'tls.key' } }),
    ...(stallSeconds === undefined ? {} : { stall_s: stallSeconds }),
  }
  return {
    api: {
      listen: address,
      ...(options.apiUrl === undefined ? {} : { url: options.apiUrl }),
      roles: { admin: ['operators'], approver: ['dba'], auditor: ['auditors'] },
    },
    listen: {
      postgres: { address: `${host}:0`, ...files },
      http: { address: `${host}:0`, ...files },
      ssh: {
        address: `${host}:0`,
        ...(stallSeconds === undefined ? {} : { stall_s: stallSeconds }),
        ...(options.sshNames === undefined ? {} : { names: options.sshNames }),
      },
      ...(agents === undefined ? {} : { agents }),
    },
    log: log ?? { kind: 'embedded' },
    identity: {
      owners,
      ...(options.sshKeys === undefined ? {} : { ssh_keys: options.sshKeys }),
      issuers: [
        {
          name: 'demo',
          kind: 'oidc',
          issuer: provider.issuer,
          audience,
          groups_claim,
          type_claim,
          console: demoConsole,
        },
        ...(options.issuers ?? []),
      ],
    },
    policies: { path: policies },
    ...(notices === undefined ? {} : { notices }),
    ...(exporters === undefined ? {} : { exporters }),
    ...(telemetry === undefined ? {} : { telemetry }),
    ...(masking === undefined ? {} : { masking }),
    ...(secrets === undefined ? {} : { secrets }),
    targets: targets.map(entryOf),
  }
}
