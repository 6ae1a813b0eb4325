import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApi, readConsole } from '@sluice/api'
import {
  createGate,
  createStanding,
  limits,
  noting,
  openApprovals,
  openGrants,
  openKills,
  openLegalHolds,
  openRevocations,
  systemClock,
  systemIds,
  type Address,
  type EventStore,
  type Targets,
} from '@sluice/core'
import { openIdentity } from '@sluice/identity'
import { Retention } from '@sluice/journal'
import { Acquaintances } from '@sluice/notices'
import { openProjections, type Projections } from '@sluice/projections'
import { adapters } from './adapters.ts'
import { openAgentSide } from './agents.ts'
import { buildExporters } from './exporters.ts'
import { letHeapGrow } from './heap.ts'
import type { Config } from './config/config.ts'
import { declare } from './declare.ts'
import { dialerOf, directDialer } from './dial.ts'
import { Listeners } from './listeners.ts'
import { openLog } from './log.ts'
import { erase } from './erase.ts'
import { buildNotices } from './notices.ts'
import { openPolicies, policyControl, type PolicyChange } from './policies.ts'
import { PolicyFollower } from './policy-follower.ts'
import { buildRecognisers } from './recognisers.ts'
import { secretFree } from './secret-free.ts'
import { openSecrets } from './secrets.ts'
import { buildTelemetry } from './telemetry.ts'

export interface ServeOptions {
  /** Folder for the log, keys and compiled policies. */
  readonly data: string
  /** Relative paths of the configuration start here. */
  readonly base: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What goes wrong beside a caller's request, for the operator. Never content. */
  readonly report: (what: string, error: unknown) => void
  /** Folder of the built console; default: where it is built. */
  readonly console?: string
  /** Other policies are in force, or other ones than the files say. */
  readonly activated?: (change: PolicyChange) => void
  /** Stands between the engine and its log: fault tests delay or refuse acks with it. */
  readonly store?: (store: EventStore) => EventStore
}

export interface Running {
  readonly api: Address
  readonly postgres: Address | null
  readonly http: Address | null
  readonly ssh: Address | null
  readonly agents: Address | null
  /** Where Prometheus reads metrics. */
  readonly prometheus: Address | null
  /** Where the log is: a folder, or brokers. */
  readonly log: string
  /** Resolves when the other gateways have taken this one for lost: it serves nothing until it is started again. */
  readonly lost: Promise<void>
  /** The active policy's. */
  readonly revision: string
  /** Drains for at most `limits.drainMs`, then closes everything. Idempotent. */
  close(): Promise<void>
}

/** Beside this package, of its sources and of its build alike. */
const builtConsole = fileURLToPath(new URL('../../console/dist', import.meta.url))

/** The composition root: builds every part once, in the order in which they need each other, and starts it. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  letHeapGrow()
  const { data, base, env } = options
  const report = secretFree(options.report)
  const clock = systemClock
  const ids = systemIds(clock)
  await using parts = new AsyncDisposableStack()
  await mkdir(data, { recursive: true, mode: 0o700 })

  const secrets = await openSecrets(config.secrets, { base, env }, clock)
  parts.defer(() => secrets.close())

  const lost = Promise.withResolvers<void>()
  const { log, place } = await openLog(config.log, {
    data,
    base,
    secrets,
    clock,
    ids,
    report,
    lost: lost.resolve,
    retention: config.retention,
  })
  parts.defer(() => log.close())
  const store = options.store?.(log) ?? log

  const telemetry = await buildTelemetry(config.telemetry, {
    gateway: log.writer,
    base,
    secrets,
    clock,
    report,
  })
  parts.defer(() => telemetry?.close())

  const shared = config.log.kind === 'kafka'
  const declared = await declare({ writer: log.writer, store, clock, ids, shared })
  const policyOptions = {
    folder: resolve(base, config.policies),
    cache: join(data, 'policies'),
    shared,
    report,
    activated: options.activated,
    reloaded: telemetry?.reloaded,
  }
  const pdp = await openPolicies(declared.policies, policyOptions)
  parts.defer(() => pdp.close())
  if (shared) {
    const { policies, incarnations } = declared
    const follower = new PolicyFollower({ store, clock, report, policies, incarnations, pdp })
    parts.defer(() => follower.close())
  }

  const revocations = await openRevocations({ store, clock, ids, report })
  parts.defer(() => revocations.close())

  const identity = await openIdentity({
    issuers: config.issuers,
    saml: { issuers: config.samlIssuers, url: config.api.url ?? '' },
    tokenKey: config.tokenKey,
    sshCaKey: config.sshCaKey,
    sshHostKey: config.sshHostKey,
    sshKeys: config.sshKeys,
    maskingKey: config.maskingKey,
    keys: join(data, 'keys'),
    credentials: new Map(
      config.targets.flatMap(({ target, credential }) =>
        credential === null ? [] : [[target.name, credential] as const],
      ),
    ),
    secrets,
    base,
    revocations,
    clock,
    ids,
  })

  const registered = new Map(config.targets.map(({ target }) => [target.name, target]))
  const targets: Targets = { find: (name) => registered.get(name), list: () => [...registered.values()] }
  await declared.targets(targets.list())

  const standing = createStanding()
  const acquaintances = new Acquaintances({ clock, standing })
  revocations.onChange((revocation) => acquaintances.forget(revocation))
  const authenticator = noting(acquaintances.meeting(identity.authenticator), standing)
  const approvals = await openApprovals({
    writer: log.writer,
    epoch: log.epoch,
    store,
    unseal: async (event) => {
      const unsealed = await log.unseal(event)
      return unsealed.kind === 'content' ? unsealed.content : null
    },
    clock,
    ids,
    owners: config.owners,
    standing,
    report,
  })
  parts.defer(() => approvals.close())

  const access = new Map(config.targets.map((each) => [each.target.name, each.access]))
  const grants = await openGrants({
    store,
    clock,
    ids,
    owners: config.owners,
    access: (name) => access.get(name),
    report,
  })
  parts.defer(() => grants.close())

  let apiUrl = config.api.url
  const told = await buildNotices(config.notices, {
    data,
    base,
    secrets,
    store,
    acquaintances,
    link: (path) => (apiUrl === null ? null : `${apiUrl}${path}`),
    clock,
    ids,
    report,
  })
  parts.defer(() => told.notices.close())

  const projections = openProjections({ store: log, clock, report, file: join(data, 'projections.db') })
  parts.defer(() => projections.close())

  const agents = await openAgentSide(config, { data, secrets, log, store, clock, ids, report })
  parts.defer(() => agents.close())

  const engine = createGate({
    gateway: log.writer,
    authenticator,
    approvals,
    grants,
    revocations,
    approvalLink: (id) => `${apiUrl ?? ''}/v1/approvals/${id}`,
    credentials: identity.credentials,
    patterns: config.detectors,
    recognisers: await buildRecognisers(config.recognisers, base),
    pseudonyms: identity.pseudonyms,
    dialer: dialerOf(directDialer(), agents.tunnels),
    targets,
    pdp,
    facts: projections.facts,
    telemetry,
    store,
    clock,
    ids,
    report,
  })

  const kills = await openKills({ store, clock, ids, report, session: (id) => engine.session(id) })
  parts.defer(() => kills.close())

  const legalHolds = await openLegalHolds({ store, clock, ids, report })
  parts.defer(() => legalHolds.close())

  const retention = new Retention(config.retention, {
    log,
    clock,
    ids,
    report,
    isOpen: (session) => engine.session(session) !== undefined,
  })
  parts.defer(() => retention.close())

  const exporters = await buildExporters(config.exporters, {
    data,
    base,
    secrets,
    host: log.writer,
    store,
    clock,
    ids,
    report,
  })

  telemetry?.observe({
    sessions: () => engine.sessions().length,
    queuedBytes: () => log.queuedBytes,
    projectionLagMs: () => lagOf(projections.status, clock.now()),
    exporters: () => exporters.status(),
  })

  const listeners = new Listeners()
  parts.defer(async () => {
    await Promise.all([engine.drain(limits.drainMs), exporters.close(), listeners.close()])
  })
  parts.use(listeners)
  await listeners.open(config.listen, engine, { base, clock, report, hostKey: identity.sshHost.privateKey })
  await agents.listen(engine)

  const api = createApi({
    engine,
    agents: agents.control,
    authenticator,
    store,
    targets,
    registered: projections.targets,
    policies: policyControl(pdp, declared.policies, policyOptions),
    policyRecords: projections.activations,
    approvals,
    past: projections.approvals,
    grants,
    kills,
    revocations,
    unseal: (event) => log.unseal(event),
    recording: (protocol) => adapters.find((adapter) => adapter.protocol === protocol)?.recording?.(),
    erase: (selector, because) => erase(selector, because, { log, clock, ids }),
    legalHolds,
    records: projections.sessions,
    exchanges: projections.exchanges,
    exchange: identity.exchange,
    logins: identity.logins,
    console: {
      signIns: identity.signIns,
      files: await readConsole(options.console ?? builtConsole),
      publicUrl: () => new URL(apiUrl ?? 'http://127.0.0.1'),
    },
    ssh: { ...identity.sshAuthority, hostKey: identity.sshHost.line },
    roles: config.api.roles,
    pseudonyms: identity.pseudonyms,
    slack: told.slack,
    clock,
    ids,
    report,
    readiness: () => ({
      ready: store.healthy && listeners.size > 0,
      checks: {
        log: store.healthy,
        listeners: listeners.size > 0,
        // Traffic is welcome all the same: what was in force before still decides.
        policies: pdp.unusable === null,
      },
    }),
  })
  const url = await api.listen({ host: config.api.listen.host, port: config.api.listen.port })
  parts.defer(() => api.close())
  apiUrl ??= url
  told.notices.start()
  exporters.start()
  retention.start()

  const open = parts.move()
  let closing: Promise<void> | undefined
  return {
    api: { host: config.api.listen.host, port: Number(new URL(url).port) },
    postgres: listeners.get('postgres')?.address ?? null,
    http: listeners.get('http')?.address ?? null,
    ssh: listeners.get('ssh')?.address ?? null,
    agents: agents.address,
    prometheus: telemetry?.prometheus ?? null,
    log: place,
    lost: lost.promise,
    get revision() {
      return pdp.revision
    },
    close: () => (closing ??= open.disposeAsync()),
  }
}

/** `null` before the first event. One that does not follow the log falls behind with the time. */
function lagOf({ healthy, lagMs, foldedUpToMs }: Projections['status'], nowMs: number): number | null {
  if (foldedUpToMs === 0) return null
  return healthy ? lagMs : nowMs - foldedUpToMs
}
