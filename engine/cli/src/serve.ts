import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApi, readConsole } from '@sluice/api'
import {
  createStanding,
  noting,
  openGrants,
  openKills,
  openLegalHolds,
  openMintedPasswords,
  openRegistrations,
  openRevocations,
  systemClock,
  systemIds,
} from '@sluice/core'
import { Retention } from '@sluice/journal'
import { sourcesOf } from '@sluice/policy'
import { Acquaintances } from '@sluice/notices'
import { openProjections } from '@sluice/projections'
import { adapters } from './adapters.ts'
import { openAgentSide } from './agents.ts'
import { approvalsOf } from './approvals.ts'
import { buildExporters } from './exporters.ts'
import { freeBuffersYoung } from './young-buffers.ts'
import type { Config } from './config/config.ts'
import { declare } from './declare.ts'
import { openFront, type Front } from './front.ts'
import { identityOf, sshOf } from './identity.ts'
import { openLog } from './log.ts'
import { erase } from './erase.ts'
import { buildNotices } from './notices.ts'
import { observedOf, readinessOf, systemOf } from './observed.ts'
import { openPolicies, policyControl, type PolicyChange } from './policies.ts'
import { openPolicyDesk } from './policy-desk.ts'
import { PolicyFollower } from './policy-follower.ts'
import { secretFree } from './secret-free.ts'
import { openSecrets } from './secrets.ts'
import type { Running, ServeOptions } from './serving.ts'
import { TargetRegistry } from './target-registry.ts'
import { targetSight } from './target-sight.ts'
import { buildTelemetry } from './telemetry.ts'
import { settling, tellingSeen } from './workers/settling.ts'
import { SupervisedFront } from './workers/supervised-front.ts'

/** Beside this package, of its sources and of its build alike. */
const builtConsole = fileURLToPath(new URL('../../console/dist', import.meta.url))

/** The composition root: builds every part once, in the order in which they need each other, and starts it. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  freeBuffersYoung()
  const { data, base, env } = options
  const report = secretFree(options.report)
  const clock = systemClock
  const ids = systemIds(clock)
  await using parts = new AsyncDisposableStack()
  await mkdir(data, { recursive: true, mode: 0o700 })

  const secrets = await openSecrets(config.secrets, { base, env }, clock)
  parts.defer(() => secrets.close())

  const lost = Promise.withResolvers<void>()
  const { log, place, verify } = await openLog(config.log, {
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
    activated: (change: PolicyChange) => {
      options.activated?.(change)
      front?.policyChanged()
    },
    reloaded: telemetry?.reloaded,
  }
  let front: Front | undefined
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

  const identity = await identityOf(config, {
    credentials: (name) => targets.credential(name),
    data,
    base,
    secrets,
    revocations,
    passwords,
    clock,
    ids,
  })
  await declared.targets(targets.declared())

  const standing = tellingSeen(createStanding(), (seen) => front?.seen(seen))
  const acquaintances = new Acquaintances({ clock, standing })
  revocations.onChange((revocation) => acquaintances.forget(revocation))
  const authenticator = noting(acquaintances.meeting(identity.authenticator), standing)
  const { owners } = config
  const approvals = await approvalsOf(log, { store, clock, ids, owners, standing, report })
  parts.defer(() => approvals.close())

  const access = (name: string) => targets.access(name)
  const grants = await openGrants({ store, clock, ids, owners, access, report })
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

  const workers = options.workers?.count ?? 1
  const projections = openProjections({
    store: log,
    clock,
    report,
    file: join(data, 'projections.db'),
    // Workers read the facts that policies ask for as they are kept.
    keepMs: () => (workers > 1 && pdp.readsFacts === true ? keptForWorkersMs : keptMs),
  })
  parts.defer(() => projections.close())

  const agents = await openAgentSide(config, { data, secrets, log, targets, store, clock, ids, report })
  parts.defer(() => agents.close())
  const { dialer } = agents
  const ofFront = {
    approvals,
    grants,
    revocations,
    registrations,
    telemetry,
    apiUrl,
    base,
    clock,
    ids,
    report,
  }
  const local =
    options.workers === undefined || workers === 1
      ? await openFront(config, {
          ...ofFront,
          gateway: log.writer,
          authenticator,
          credentials: identity.credentials,
          pseudonyms: identity.pseudonyms,
          verifier: (id) => identity.passwords.verifier(id),
          host: identity.sshHost,
          targets,
          pdp,
          facts: projections.facts,
          dialer,
          store,
        })
      : undefined
  front =
    local ??
    new SupervisedFront({
      ...ofFront,
      workers,
      log,
      served: agents.served,
      policy: () => ({ revision: pdp.revision, sources: sourcesOf(pdp.bundle.files), over: null }),
      standing: () => standing.all(),
      met(whom) {
        // A worker may have met them before it heard of a revocation.
        if (revocations.of(whom) !== undefined) return
        acquaintances.met(whom)
        standing.note(whom.subject)
      },
      beginning: {
        file: config.file,
        text: options.workers?.text ?? '',
        base,
        data,
        env: { ...env },
        apiUrl,
      },
    })
  const { sessions } = front
  targets.endSessionsIn(sessions)

  const kills = await openKills({ store, clock, ids, report, session: (id) => sessions.session(id) })
  parts.defer(() => kills.close())

  const legalHolds = await openLegalHolds({ store, clock, ids, report })
  parts.defer(() => legalHolds.close())

  const retention = new Retention(config.retention, {
    log,
    clock,
    ids,
    report,
    isOpen: (session) => sessions.session(session) !== undefined,
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

  const callers = front
  telemetry?.observe(observedOf({ callers, sessions, log, projections, exporters, clock }))
  parts.defer(async () => {
    await Promise.all([callers.close(), exporters.close()])
  })
  await callers.listen()
  await agents.listen()

  const asked = { ...policyOptions, pdp, log: declared.policies, store, clock, adapters }
  const desk = parts.use(openPolicyDesk(asked))
  const settled = settling(
    {
      policies: policyControl(pdp, declared.policies, policyOptions),
      grants,
      revocations,
      registrations,
      passwords,
      kills,
    },
    callers,
  )
  const reach = { dialer, secrets, certify: identity.sshLogins.certify, clock }
  const api = createApi({
    engine: sessions,
    agents: agents.control,
    authenticator,
    store,
    targets,
    ...targetSight({ ...settled, ...reach, registry: targets, callers }),
    registered: projections.targets,
    policyRecords: projections.activations,
    ...desk,
    approvals,
    past: projections.approvals,
    policies: settled.policies,
    grants: settled.grants,
    revocations: settled.revocations,
    kills: settled.kills,
    passwords: settled.passwords,
    derivedPasswords: identity.passwords,
    issuers: () => identity.issuers(),
    seen: () => acquaintances.list(),
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
    ssh: sshOf(identity, config),
    roles: config.api.roles,
    pseudonyms: identity.pseudonyms,
    slack: told.slack,
    clock,
    ids,
    report,
    system: () =>
      systemOf({ store, sessions, log, projections, exporters, destinations: config.exporters, clock }),
    record: { verify, outlets: () => log.outlets },
    readiness: () => readinessOf({ store, callers, pdp }),
  })
  const url = await api.listen({ host: config.api.listen.host, port: config.api.listen.port })
  parts.defer(() => api.close())
  apiUrl ??= url
  callers.apiAt(url)
  told.notices.start()
  exporters.start()
  retention.start()

  const open = parts.move()
  let closing: Promise<void> | undefined
  return {
    api: { host: config.api.listen.host, port: Number(new URL(url).port) },
    postgres: callers.address('postgres'),
    http: callers.address('http'),
    ssh: callers.address('ssh'),
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

/** What was folded is kept after so long. */
const keptMs = 1_000
const keptForWorkersMs = 100
