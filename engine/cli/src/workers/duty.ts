import { join, resolve } from 'node:path'
import {
  createStanding,
  GrantMirror,
  isSameCaller,
  noting,
  openApprovals,
  openMintedPasswords,
  refusal,
  Refused,
  RegistrationMirror,
  RevocationMirror,
  systemClock,
  systemIds,
  type Authenticator,
  type Elsewhere,
  type Engine,
  type EventStore,
  type Identity,
  type Standing,
  type Telemetry,
} from '@sluice/core'
import type { IpcTunnels } from '@sluice/agent'
import { sinceBootMs } from '@sluice/journal'
import { createPdp, type InForce, type Pdp } from '@sluice/policy'
import { FactsOfFile } from '@sluice/projections'
import { adapters } from '../adapters.ts'
import type { Config, ListenConfig } from '../config/config.ts'
import { dialerOf, directDialer } from '../dial.ts'
import { openFront, type LocalFront } from '../front.ts'
import { identityOf } from '../identity.ts'
import { secretFree } from '../secret-free.ts'
import { TargetRegistry } from '../target-registry.ts'
import { openSecrets } from '../secrets.ts'
import type { Addresses, Beginning, Relayed, ToSupervisor } from './messages.ts'
import { PoolNews } from './pool-news.ts'
import { SessionNews } from './session-news.ts'

export interface DutyPorts {
  readonly send: (message: ToSupervisor) => void
  /** The supervisor's. */
  readonly store: EventStore
  /** The same. */
  readonly tunnels: Pick<IpcTunnels, 'dial'>
  /** The file of the read models, which the supervisor writes. */
  readonly facts: string
}

/** All that one worker has: a front like that of a gateway without workers, and what it knows of the rest. */
export interface Duty {
  readonly sessions: Engine
  readonly standing: Standing
  readonly grants: GrantMirror
  readonly revocations: RevocationMirror
  readonly registrations: RegistrationMirror
  apiAt(url: string): void
  listen(): Promise<Addresses>
  relayed(relayed: Relayed): void
  /** Resolves once it judges by them. Rejects when it cannot. */
  follow(policy: InForce): Promise<void>
  /** Throws `Refused`. */
  extend(session: string, identity: Identity): Promise<void>
  close(): Promise<void>
}

/** Builds every part in the order in which they need each other; nobody is served yet. */
export async function openDuty(config: Config, beginning: Beginning, ports: DutyPorts): Promise<Duty> {
  const { base, data, env, writer, epoch, apiUrl } = beginning
  const { send, store } = ports
  const clock = systemClock
  const ids = systemIds(clock)
  const report = secretFree((what, error) =>
    send({ kind: 'report', what, words: error instanceof Error ? error.message : String(error) }),
  )
  await using parts = new AsyncDisposableStack()
  const secrets = await openSecrets(config.secrets, { base, env }, clock)
  parts.defer(() => secrets.close())
  const registrations = new RegistrationMirror(beginning.registrations)
  const targets = new TargetRegistry({ config, registrations, report })
  const revocations = parts.use(new RevocationMirror(clock, beginning.revocations))
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

  let inForce = beginning.policy
  const pdp = await createPdp({
    folder: resolve(base, config.policies),
    cache: join(data, 'policies'),
    last: inForce,
    shared: true,
    failed: (error) => report('a worker does not go by the policies in force yet', error),
    faulted: (what) => report('a policy failed and its request was denied', new Error(what)),
  })
  parts.defer(() => pdp.close())

  const standing = createStanding()
  for (const seen of beginning.standing) standing.note(seen)
  const grants = new GrantMirror(clock, beginning.grants)
  const approvals = await openApprovals({
    writer,
    epoch,
    store,
    // What approvers are shown is read where the API is.
    unseal: async () => null,
    clock,
    ids,
    owners: config.owners,
    standing,
    report,
  })
  parts.defer(() => approvals.close())

  const facts = parts.use(new FactsOfFile(ports.facts, clock))
  const ofFront = {
    gateway: writer,
    authenticator: meeting(noting(identity.authenticator, standing), send),
    credentials: identity.credentials,
    pseudonyms: identity.pseudonyms,
    verifier: (id: string) => identity.passwords.verifier(id),
    host: identity.sshHost,
    approvals,
    grants,
    revocations,
    targets,
    pdp,
    facts,
    dialer: dialerOf(directDialer(), ports.tunnels),
    telemetry: config.telemetry === null ? undefined : telling(send),
    store,
    elsewhere: relaying(send),
    apiUrl,
    base,
    clock,
    ids,
    report,
  }
  const listen = at(config.listen, beginning.addresses)
  const front = await openFront({ ...config, listen }, ofFront)
  parts.defer(() => front.close())
  targets.endSessionsIn(front.sessions)
  parts.use(new SessionNews({ sessions: front.sessions, clock, send }))
  parts.use(new PoolNews({ pools: () => front.pools, clock, send }))
  const open = parts.move()
  return {
    sessions: front.sessions,
    standing,
    grants,
    revocations,
    registrations,
    apiAt: (url) => front.apiAt(url),
    async listen() {
      await front.listen()
      return addressesOf(front)
    },
    relayed: (relayed) => take(relayed, front.sessions.here),
    async follow(policy) {
      inForce = policy
      await pdp.follow(() => inForce)
      mustServe(pdp, inForce)
    },
    async extend(id, by) {
      const session = front.sessions.session(id)
      if (session === undefined || !isSameCaller(session.subject, by.subject)) throw new Refused(over)
      await session.extend(by)
    },
    close: () => open.disposeAsync(),
  }
}

const over = refusal('token_expired', 'sluice/session', 'This session is over.')

/** A worker that judges by other policies than the gateway says is none. */
function mustServe({ revision }: Pdp, wanted: InForce): void {
  if (revision !== wanted.revision) throw new Error('the policies in force cannot be used in this process')
}

/** The ports that the first worker was given by the system are those of all. */
function at(listen: Config['listen'], addresses: Addresses): Config['listen'] {
  const moved = (protocol: keyof Config['listen']): ListenConfig | null => {
    const [wanted, address] = [listen[protocol], addresses[protocol]]
    return wanted === null || address === undefined ? wanted : { ...wanted, address }
  }
  return { postgres: moved('postgres'), http: moved('http'), ssh: moved('ssh') }
}

function addressesOf(front: LocalFront): Addresses {
  const found = adapters.map(({ protocol }) => [protocol, front.address(protocol)] as const)
  return Object.fromEntries(found.flatMap(([protocol, at]) => (at === null ? [] : [[protocol, at]])))
}

function take(relayed: Relayed, here: Elsewhere): void {
  switch (relayed.kind) {
    case 'cancel':
      return here.cancel(relayed.key)
    case 'spent':
      return here.spent(relayed.spending)
    case 'changed':
      return here.changed(relayed.target)
  }
}

function relaying(send: DutyPorts['send']): Elsewhere {
  const relay = (relayed: Relayed): void => send({ kind: 'relay', relayed })
  return {
    cancel: (key) => relay({ kind: 'cancel', key }),
    spent: (spending) => relay({ kind: 'spent', spending }),
    changed: (target) => relay({ kind: 'changed', target }),
  }
}

/** The supervisor knows whom its workers met. */
function meeting(authenticator: Authenticator, send: DutyPorts['send']): Authenticator {
  return {
    authenticate: async (proof) => {
      const identity = await authenticator.authenticate(proof)
      send({ kind: 'met', identity })
      return identity
    },
  }
}

/** Measured where all workers are. */
function telling(send: DutyPorts['send']): Telemetry {
  const originMs = sinceBootMs() - systemClock.monotonic()
  return {
    passed: ({ of, stays, judgements, refusal: refused, rows, bytes }, outcome) =>
      send({
        kind: 'passed',
        passed: { of, stays, judgements, refusal: refused, rows, bytes },
        outcome,
        originMs,
      }),
  }
}
