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
  openMintedPasswords,
  openRegistrations,
  openRevocations,
  systemClock,
  systemIds,
} from '@sluice/core'
import { openIdentity } from '@sluice/identity'
import { Retention } from '@sluice/journal'
import { Acquaintances } from '@sluice/notices'
import { openProjections } from '@sluice/projections'
import { adapters } from './adapters.ts'
import { addedTargets } from './added-targets.ts'
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
import { openPolicies, policyControl } from './policies.ts'
import { openPolicyDrafts } from './policy-drafts.ts'
import { PolicyFollower } from './policy-follower.ts'
import { buildRecognisers } from './recognisers.ts'
import { secretFree } from './secret-free.ts'
import { openSecrets } from './secrets.ts'
import type { Running, ServeOptions } from './serving.ts'
import { TargetRegistry } from './target-registry.ts'
import { buildTelemetry, lagOf } from './telemetry.ts'

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

  const registrations = await openRegistrations({ store, clock, ids, report })
  parts.defer(() => registrations.close())
  const targets = new TargetRegistry({ config, registrations, report })
  const revocations = await openRevocations({ store, clock, ids, report })
  parts.defer(() => revocations.close())

  const passwords = await openMintedPasswords({ store, clock, ids, report })
  parts.defer(() => passwords.close())

  const identity = await openIdentity({
    issuers: config.issuers,
    saml: { issuers: config.samlIssuers, url: config.api.url ?? '' },
    tokenKey: config.tokenKey,
    sshCaKey: config.sshCaKey,
    sshHostKey: config.sshHostKey,
    sshKeys: config.sshKeys,
    maskingKey: config.maskingKey,
    keys: join(data, 'keys'),
    credentials: (name) => targets.credential(name),
    secrets,
    base,
    revocations,
    passwords,
    clock,
    ids,
  })

  await declared.targets(targets.declared())

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

  const grants = await openGrants({
    store,
    clock,
    ids,
    owners: config.owners,
    access: (name) => targets.access(name),
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
  const dialer = dialerOf(directDialer(), agents.tunnels)
  const engine = createGate({
    gateway: log.writer,
    authenticator,
    approvals,
    grants,
    revocations,
    verifier: (id) => identity.passwords.verifier(id),
    approvalLink: (id) => `${apiUrl ?? ''}/v1/approvals/${id}`,
    credentials: identity.credentials,
    patterns: config.detectors,
    recognisers: await buildRecognisers(config.recognisers, base),
    pseudonyms: identity.pseudonyms,
    dialer,
    targets,
    pdp,
    facts: projections.facts,
    telemetry,
    store,
    clock,
    ids,
    report,
  })

  targets.endSessionsIn(engine)

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
    impairments: () =>
      adapters.map(({ protocol, impairments = [] }) => ({ protocol, found: impairments.length })),
  })

  const listeners = new Listeners()
  parts.defer(async () => {
    await Promise.all([engine.drain(limits.drainMs), exporters.close(), listeners.close()])
  })
  parts.use(listeners)
  await listeners.open(config.listen, engine, { base, clock, report, hostKey: identity.sshHost.privateKey })
  await agents.listen(engine)

  const { folder, cache } = policyOptions
  const drafts = parts.use(openPolicyDrafts({ folder, cache, pdp, log: declared.policies, store, clock }))
  const api = createApi({
    engine,
    agents: agents.control,
    authenticator,
    store,
    targets,
    source: (name) => targets.source(name),
    added: addedTargets({ registry: targets, registrations, dialer, secrets, clock }),
    registered: projections.targets,
    policies: policyControl(pdp, declared.policies, policyOptions),
    policyRecords: projections.activations,
    drafts,
    approvals,
    past: projections.approvals,
    grants,
    kills,
    revocations,
    passwords,
    derivedPasswords: identity.passwords,
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
    system: () => ({
      gateway: log.writer,
      sessions: engine.sessions().length,
      log: { healthy: store.healthy, queued_bytes: log.queuedBytes },
      read_models: {
        healthy: projections.status.healthy,
        lag_ms: lagOf(projections.status, clock.now()),
      },
      exporters: exporters.status().map(({ name, documents, deadLetters, lag, trouble }) => ({
        name,
        documents,
        dead_letters: deadLetters,
        lag_events: lag.events,
        lag_ms: Math.round(lag.seconds * 1_000),
        trouble,
      })),
    }),
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
