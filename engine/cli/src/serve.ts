import { mkdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createApi } from '@sluice/api'
import {
  createGate,
  limits,
  systemClock,
  systemIds,
  type Address,
  type Dialer,
  type Endpoint,
  type EventStore,
  type Listener,
  type Target,
  type Targets,
} from '@sluice/core'
import { openIdentity } from '@sluice/identity'
import { openEmbedded } from '@sluice/journal'
import { createPdp, PolicyError, type Pdp } from '@sluice/policy'
import { adapters } from './adapters.ts'
import type { Config, PostgresListen } from './config/config.ts'
import { declare, type Declarations } from './declare.ts'

export interface ServeOptions {
  /** Folder for the log, keys and compiled policies. */
  readonly data: string
  /** Relative paths of the configuration start here. */
  readonly base: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What goes wrong beside a caller's request, for the operator. Never content. */
  readonly report: (what: string, error: unknown) => void
  /** A changed policy folder is in force. */
  readonly activated?: (revision: string) => void
  /** Stands between the engine and its log: fault tests delay or refuse acks with it. */
  readonly store?: (store: EventStore) => EventStore
}

export interface Running {
  readonly api: Address
  readonly postgres: Address | null
  /** Folder of the log. */
  readonly log: string
  /** The active policy's. */
  readonly revision: string
  /** Drains for at most `limits.drainMs`, then closes everything. Idempotent. */
  close(): Promise<void>
}

/** The composition root: builds every part once, in the order in which they need each other, and starts it. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  const { data, base, env, report } = options
  const clock = systemClock
  const ids = systemIds(clock)
  await using parts = new AsyncDisposableStack()
  await mkdir(data, { recursive: true, mode: 0o700 })

  const log = config.log.path === null ? join(data, 'log') : resolve(base, config.log.path)
  const embedded = await openEmbedded({ path: log, keys: join(data, 'keys'), clock, ids, report })
  parts.defer(() => embedded.close())
  const store = options.store?.(embedded) ?? embedded

  const declared = declare({ store, clock, ids, report })
  const pdp = await openPolicies(resolve(base, config.policies), declared, options)
  parts.defer(() => pdp.close())

  const identity = await openIdentity({
    issuers: config.issuers,
    tokenKey: config.tokenKey,
    keys: join(data, 'keys'),
    credentials: new Map(config.targets.map(({ target, credential }) => [target.name, credential])),
    base,
    env,
    clock,
    ids,
  })

  const registered = new Map(config.targets.map(({ target }) => [target.name, target]))
  const targets: Targets = { find: (name) => registered.get(name), list: () => [...registered.values()] }
  await declared.start(pdp.bundle, targets.list())

  const engine = createGate({
    gateway: embedded.writer,
    authenticator: identity.authenticator,
    credentials: identity.credentials,
    dialer: sockets,
    targets,
    pdp,
    store,
    clock,
    ids,
    report,
  })

  const listeners: Listener[] = []
  parts.defer(async () => {
    await Promise.all([engine.drain(limits.drainMs), ...listeners.map((listener) => listener.close())])
  })
  for (const adapter of adapters) {
    const endpoint = await endpointOf(config.listen[adapter.protocol as keyof Config['listen']], base)
    if (endpoint !== null) listeners.push(await adapter.listen(endpoint, engine))
  }

  const api = createApi({
    engine,
    authenticator: identity.authenticator,
    store,
    targets,
    exchange: identity.exchange,
    auditors: config.api.auditors,
    readiness: () => ({
      ready: store.healthy && listeners.length > 0,
      checks: { log: store.healthy, listeners: listeners.length > 0 },
    }),
  })
  const url = await api.listen({ host: config.api.listen.host, port: config.api.listen.port })
  parts.defer(() => api.close())

  const open = parts.move()
  let closing: Promise<void> | undefined
  return {
    api: { host: config.api.listen.host, port: Number(new URL(url).port) },
    postgres: listeners[0]?.address ?? null,
    log,
    get revision() {
      return pdp.revision
    },
    close: () => (closing ??= open.disposeAsync()),
  }
}

/** Throws `PolicyError`, its files as they can be opened from here. */
async function openPolicies(folder: string, declared: Declarations, options: ServeOptions): Promise<Pdp> {
  const { data, report, activated } = options
  try {
    return await createPdp({
      folder,
      cache: join(data, 'policies'),
      report: (rejected) => {
        report('the changed policies are not used, those before them stay in force', new Error(rejected))
        void declared.policyRejected(rejected)
      },
      activated: (bundle) => {
        activated?.(bundle.revision)
        void declared.policyActivated(bundle)
      },
      faulted: (what) => report('a policy failed and its request was denied', new Error(what)),
    })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new PolicyError(error.diagnostics.map((each) => ({ ...each, file: join(folder, each.file) })))
  }
}

async function endpointOf(listen: PostgresListen | null, base: string): Promise<Endpoint | null> {
  if (listen === null) return null
  if (listen.tls === undefined) return { address: listen.address }
  const [cert, key] = await Promise.all([
    readFile(resolve(base, listen.tls.cert), 'utf8'),
    readFile(resolve(base, listen.tls.key), 'utf8'),
  ])
  return { address: listen.address, tls: { cert, key } }
}

/** Direct sockets. Small requests must not wait for the kernel to fill a segment. */
const sockets: Dialer = {
  async dial(_target: Target, to: Address) {
    const socket = connect({ host: to.host, port: to.port, noDelay: true })
    await once(socket, 'connect')
    return socket
  },
}
