import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import {
  selfSigned,
  startBackend,
  nobodyWaits,
  startGateway,
  startRelay,
  TraceFinder,
  WireClient,
  type Backend,
  type Certificate,
  type Gateway,
  type GatewayTarget,
  type Login,
  type Relay,
} from '../src/index.ts'
import { Callers } from './callers.ts'
import type { PolicyName } from './case.ts'
import { fingerprintQuery, fixture, furtherSecrets, secrets } from './fixture.ts'
import { Observer } from './observer.ts'
import { startImpostors, type Impostors } from './impostors.ts'

/** A gateway over one set of policies, with a relay behind it that keeps what reaches the database. */
export interface Guard {
  readonly policy: PolicyName
  readonly gateway: Gateway
  readonly relay: Relay
  readonly finder: TraceFinder
}

/** `plain` is attacked directly, `guarded` through Sluice; both are copies of `pristine`. */
type Database = 'plain' | 'guarded'

const policies: Readonly<Record<PolicyName, string>> = {
  starter: fileURLToPath(new URL('../../policies/starter', import.meta.url)),
  waiting: fileURLToPath(new URL('../../policies/starter', import.meta.url)),
  open: fileURLToPath(new URL('policies/open', import.meta.url)),
}

const finders: Readonly<Record<PolicyName, TraceFinder>> = {
  starter: new TraceFinder(secrets),
  waiting: new TraceFinder(secrets),
  open: new TraceFinder({ ...secrets, ...furtherSecrets }),
}

/**
 * One PostgreSQL for the whole suite. The gateways log in as its superuser, as the attacks on the plain server do: only
 * Sluice stands in the way.
 */
export class Laboratory {
  readonly backend: Backend
  readonly certificate: Certificate
  readonly impostors: Impostors
  readonly callers: Callers = new Callers()
  /** Finds every secret that there is. */
  readonly anySecret: TraceFinder = finders.open
  readonly #parts: AsyncDisposableStack
  readonly #guards = new Map<PolicyName, Promise<Guard>>()
  readonly #observers = new Map<Database, Promise<Observer>>()
  readonly #provider: ReturnType<typeof startIdentityProvider>

  /** The fingerprint of a copy that nobody has touched. */
  readonly #pristine: string

  private constructor(
    backend: Backend,
    pristine: string,
    impostors: Impostors,
    certificate: Certificate,
    parts: AsyncDisposableStack,
  ) {
    this.backend = backend
    this.#pristine = pristine
    this.impostors = impostors
    this.certificate = certificate
    this.#parts = parts
    this.#provider = startIdentityProvider({ port: 0 })
    parts.defer(async () => (await this.#provider).close())
  }

  static async open(): Promise<Laboratory> {
    await using parts = new AsyncDisposableStack()
    const backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', 'CREATE TABLE customers (id bigint, ssn text)')
    await backend.run('postgres', `INSERT INTO customers VALUES (1, '${secrets.ssn}')`)
    await backend.run('postgres', 'CREATE DATABASE pristine')
    for (const sql of fixture(backend.login('pristine'))) await backend.run('pristine', sql)
    for (const database of ['plain', 'guarded'])
      await backend.run('postgres', `CREATE DATABASE ${database} TEMPLATE pristine`)
    const pristine = (await backend.run('pristine', fingerprintQuery)).text
    const certificate = selfSigned('localhost', '127.0.0.1')
    const impostors = await startImpostors(certificate)
    parts.defer(() => impostors.close())
    return new Laboratory(backend, pristine, impostors, certificate, parts.move())
  }

  /** Whether anything in the database, or at the server, is not as it was; `seenBy`: in that one's transaction. */
  async changed(database: Database, seenBy?: WireClient): Promise<boolean> {
    const observer = await this.#observer(database)
    const own = seenBy === undefined ? undefined : (await seenBy.query(fingerprintQuery)).text
    return (own ?? (await observer.fingerprint())) !== this.#pristine
  }

  /** Puts the database back, and says whether that was necessary. */
  async restored(database: Database): Promise<boolean> {
    if (!(await this.changed(database))) return false
    await (await this.#observer(database)).mend()
    if (!(await this.changed(database))) return true
    await this.#replace(database)
    assert.ok(!(await this.changed(database)), 'an attack has left something at the server')
    return true
  }

  async #replace(database: Database): Promise<void> {
    if (database === 'guarded') this.callers.dismiss()
    const observer = await this.#observer(database)
    observer.client.close()
    this.#observers.delete(database)
    await this.backend.run('postgres', `DROP DATABASE ${database} WITH (FORCE)`)
    await this.backend.run('postgres', `CREATE DATABASE ${database} TEMPLATE pristine`)
  }

  login(database: Database): Login {
    return this.backend.login(database)
  }

  guard(policy: PolicyName): Promise<Guard> {
    const guard = this.#guards.get(policy) ?? this.#start(policy)
    this.#guards.set(policy, guard)
    return guard
  }

  async close(): Promise<void> {
    this.callers.dismiss()
    for (const observer of this.#observers.values()) (await observer).client.close()
    await this.#parts.disposeAsync()
  }

  async #start(policy: PolicyName): Promise<Guard> {
    const relay = await startRelay(this.backend.login('guarded'))
    this.#parts.defer(() => relay.close())
    const login = { ...this.backend.login('guarded'), port: relay.port }
    const gateway = await startGateway({
      provider: await this.#provider,
      policies: policies[policy],
      ...(policy === 'starter' ? { policyData: nobodyWaits } : {}),
      targets: [{ name: 'shop', login }, ...this.#impostorTargets()],
      tls: this.certificate,
    })
    this.#parts.defer(() => gateway.close())
    return { policy, gateway, relay, finder: finders[policy] }
  }

  #impostorTargets(): readonly GatewayTarget[] {
    return this.impostors.all.map(({ name, port, tls }) => ({
      name,
      login: {
        host: '127.0.0.1',
        port,
        user: 'gateway',
        password: this.impostors.password,
        database: 'shop',
      },
      tls,
      authority: this.certificate.cert,
    }))
  }

  #observer(database: Database): Promise<Observer> {
    const observer = this.#observers.get(database) ?? Observer.of(this.backend.login(database))
    this.#observers.set(database, observer)
    return observer
  }
}
