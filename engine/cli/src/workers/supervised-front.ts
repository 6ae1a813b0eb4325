import {
  isLive,
  pooled,
  type Address,
  type Approvals,
  type Clock,
  type Grants,
  type Identity,
  type Ids,
  type OpenSession,
  type OpenSessions,
  type PoolState,
  type Registrations,
  type Revocations,
  type Telemetry,
} from '@sluice/core'
import type { ServedTunnels } from '@sluice/agent'
import { sinceBootMs, type Log } from '@sluice/journal'
import type { InForce } from '@sluice/policy'
import type { Front } from '../front.ts'
import { Crew } from './crew.ts'
import type { Heard, Member } from './member.ts'
import type { Addresses, Beginning, Seen } from './messages.ts'

export interface SupervisedPorts {
  readonly workers: number
  readonly log: Log
  readonly served: ServedTunnels
  readonly approvals: Pick<Approvals, 'lose' | 'onChange'>
  readonly grants: Pick<Grants, 'list' | 'onChange'>
  readonly revocations: Pick<Revocations, 'list' | 'onChange'>
  readonly registrations: Pick<Registrations, 'list' | 'onChange'>
  /** What is in force now. */
  readonly policy: () => InForce
  readonly standing: () => readonly Seen[]
  /** Somebody authenticated at a worker. */
  readonly met: (identity: Identity) => void
  readonly telemetry: Telemetry | undefined
  /** What never changes of what a worker must know. */
  readonly beginning: Pick<Beginning, 'file' | 'text' | 'base' | 'data' | 'env' | 'apiUrl'>
  readonly clock: Clock
  readonly ids: Ids
  readonly report: (what: string, error: unknown) => void
}

/**
 * Callers come in at workers; everything that is one for the whole gateway is here. A worker that is no child of this
 * process any more serves nobody.
 */
export class SupervisedFront implements Front {
  readonly sessions: OpenSessions
  readonly #ports: SupervisedPorts
  readonly #crew: Crew
  readonly #listeners = new Set<Parameters<OpenSessions['onSession']>[0]>()
  readonly #following = new DisposableStack()
  #url: string | null

  constructor(ports: SupervisedPorts) {
    this.#ports = ports
    this.#url = ports.beginning.apiUrl
    const { workers, log, served, clock, report, grants, revocations, registrations, approvals } = ports
    this.#crew = new Crew({
      workers,
      log,
      served,
      clock,
      report,
      begin: (addresses) => this.#beginning(addresses),
      heard: (message, from) => this.#heard(message, from),
      onSession: (session, change) => {
        for (const listener of this.#listeners) listener(session, change)
      },
      lost: ({ ledger }) => ledger.lose({ ...ports, store: log }),
    })
    this.sessions = {
      gateway: log.writer,
      session: (id) => this.#session(id),
      sessions: () => Array.from(this.#crew.members, ({ sessions }) => [...sessions.values()]).flat(),
      onSession: (listener) => {
        this.#listeners.add(listener)
        return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
      },
    }
    this.#following.use(grants.onChange((grant) => this.#crew.tell({ kind: 'grant', grant })))
    this.#following.use(
      revocations.onChange((revocation) => this.#crew.tell({ kind: 'revocation', revocation })),
    )
    this.#following.use(
      registrations.onChange((name) => {
        const registration = registrations.list().find((each) => each.name === name) ?? null
        this.#crew.tell({ kind: 'target', name, registration })
      }),
    )
    this.#following.use(
      approvals.onChange(({ id, state }) => {
        if (!isLive(state)) for (const { ledger } of this.#crew.members) ledger.ended(id)
      }),
    )
  }

  get listening(): boolean {
    return this.#crew.listening
  }

  get pools(): readonly PoolState[] {
    return pooled(Array.from(this.#crew.members).flatMap(({ pools }) => pools))
  }

  listen(): Promise<void> {
    return this.#crew.start()
  }

  address(protocol: string): Address | null {
    return this.#crew.addresses[protocol] ?? null
  }

  /** Each worker has its own. */
  load(): undefined {}

  apiAt(url: string): void {
    this.#url ??= url
    this.#crew.tell({ kind: 'api', url })
  }

  /** Other policies are in force here. A worker that cannot follow them ends. */
  policyChanged(): void {
    const asked = { kind: 'policy', policy: this.#ports.policy() } as const
    for (const member of this.#crew.members) member.ask(asked).catch(() => {})
  }

  /** Somebody was seen with other groups than before. */
  seen(seen: Seen): void {
    this.#crew.tell({ kind: 'seen', seen })
  }

  async settled(): Promise<void> {
    await Promise.all(Array.from(this.#crew.members, (member) => member.settled()))
  }

  async close(): Promise<void> {
    await this.#crew.close()
    this.#following.dispose()
  }

  #session(id: string): OpenSession | undefined {
    for (const { sessions } of this.#crew.members) {
      const session = sessions.get(id)
      if (session !== undefined) return session
    }
    return undefined
  }

  #beginning(addresses: Addresses): Beginning {
    const { beginning, log, policy, grants, revocations, registrations, standing } = this.#ports
    return {
      ...beginning,
      supervisor: process.pid,
      writer: log.writer,
      epoch: log.epoch,
      addresses,
      apiUrl: this.#url,
      policy: policy(),
      grants: grants.list(),
      revocations: revocations.list(),
      registrations: registrations.list(),
      standing: standing(),
    }
  }

  #heard(message: Heard, from: Member): void {
    switch (message.kind) {
      case 'relay':
        for (const member of this.#crew.members) if (member !== from) member.tell(message)
        return
      case 'met':
        return this.#ports.met(message.identity)
      case 'passed': {
        const { passed, outcome, originMs } = message
        const byMs = originMs - (sinceBootMs() - this.#ports.clock.monotonic())
        const stays = passed.stays.map((stay) => ({
          ...stay,
          fromMs: stay.fromMs + byMs,
          toMs: stay.toMs + byMs,
        }))
        return this.#ports.telemetry?.passed({ ...passed, stays }, outcome)
      }
      case 'report':
        return this.#ports.report(message.what, new Error(message.words))
    }
  }
}
