import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { serveTunnels, type ServedTunnels } from '@sluice/agent'
import type { Clock, OpenSession, PoolState, Refusal } from '@sluice/core'
import { Channel, StoreDesk, type Log } from '@sluice/journal'
import { Ledger } from './ledger.ts'
import {
  channelFd,
  tunnelsFd,
  type Addresses,
  type Asked,
  type Beginning,
  type ToSupervisor,
  type ToWorker,
} from './messages.ts'
import { RemoteSession, type SessionWorker } from './remote-session.ts'

export interface MemberPorts {
  /** What goes through the tunnels of agents. */
  readonly served: ServedTunnels
  readonly log: Log
  readonly clock: Clock
  /** What is not of this worker alone. */
  readonly heard: (message: Heard, from: Member) => void
  readonly onSession: (session: OpenSession, change: 'opened' | 'closed') => void
}

/** What a worker says that concerns the whole gateway. */
export type Heard = Extract<ToSupervisor, { readonly kind: 'relay' | 'met' | 'passed' | 'report' }>

/** A worker that does not answer in this time is ended: what was decided must be so everywhere. */
const answerMs = 10_000
/** The last words of a process that has ended are read within this. */
const lastWordsMs = 2_000

/** One worker as the supervisor has it. */
export class Member implements SessionWorker {
  readonly ledger: Ledger = new Ledger()
  readonly sessions: Map<string, RemoteSession> = new Map<string, RemoteSession>()
  /** Resolves once it serves callers; rejects when it cannot. */
  readonly ready: Promise<Addresses>
  /** Resolves once the process has ended, and all that it appended is durable or refused. Never rejects. */
  readonly gone: Promise<void>
  readonly #process: Worker
  readonly #ports: MemberPorts
  readonly #channel: Channel<ToWorker, ToSupervisor>
  readonly #desk: StoreDesk
  readonly #tunnels: Socket
  readonly #ready = Promise.withResolvers<Addresses>()
  readonly #answers = new Map<number, PromiseWithResolvers<Refusal | null>>()
  #lastId = 0
  #isReady = false
  #pools: readonly PoolState[] = []

  constructor(process: Worker, beginning: Beginning, ports: MemberPorts) {
    this.#process = process
    this.#ports = ports
    const pipes: readonly unknown[] = process.process.stdio
    this.#channel = new Channel(pipes[channelFd] as Socket, (message) => this.#take(message))
    this.#desk = new StoreDesk({
      store: ports.log,
      clock: ports.clock,
      send: (reply) => this.tell({ kind: 'store', reply }),
      appended: (unit) => this.ledger.take(unit),
    })
    this.#tunnels = pipes[tunnelsFd] as Socket
    serveTunnels(this.#tunnels, ports.served)
    this.ready = this.#ready.promise
    this.ready.catch(() => {})
    this.gone = this.#follow()
    this.tell({ kind: 'begin', beginning })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** As it said a moment ago. */
  get pools(): readonly PoolState[] {
    return this.#pools
  }

  get pid(): number | undefined {
    return this.#process.process.pid
  }

  tell(message: ToWorker): void {
    this.#channel.send(message)
  }

  ask(asked: Asked): Promise<Refusal | null> {
    const id = (this.#lastId += 1)
    const answer = Promise.withResolvers<Refusal | null>()
    if (this.#channel.isOver) answer.reject(new Error('the worker is gone'))
    else this.#answers.set(id, answer)
    this.tell({ kind: 'ask', id, asked })
    return answer.promise
  }

  /** Whatever it was told before is so there, or the worker is no more. Never rejects. */
  async settled(): Promise<void> {
    const asked = [...this.#answers.values()].map(({ promise }) => promise)
    using _patience = this.#ports.clock.after(answerMs, () => this.kill())
    await Promise.allSettled([...asked, this.ask({ kind: 'settle' })])
  }

  kill(): void {
    this.#process.process.kill('SIGKILL')
  }

  async #follow(): Promise<void> {
    await once(this.#process.process, 'exit')
    this.#isReady = false
    // They end with it, also where it handed its end to a process of its own that lives on.
    this.#tunnels.destroy()
    using _patience = this.#ports.clock.after(lastWordsMs, () => this.#channel.destroy())
    await this.#channel.over
    await this.#desk.leave()
    const gone = new Error('the worker has ended')
    this.#ready.reject(gone)
    for (const { reject, promise } of this.#answers.values()) {
      promise.catch(() => {})
      reject(gone)
    }
    this.#answers.clear()
    for (const session of this.sessions.values()) this.#ports.onSession(session, 'closed')
    this.sessions.clear()
  }

  #take(message: ToSupervisor): void {
    switch (message.kind) {
      case 'store':
        return this.#desk.take(message.request)
      case 'ready':
        this.#isReady = true
        return this.#ready.resolve(message.addresses)
      case 'failed':
        this.#isReady = false
        return this.#ready.reject(new Error(message.why))
      case 'answer':
        this.#answers.get(message.id)?.resolve(message.refusal)
        return void this.#answers.delete(message.id)
      case 'opened': {
        const session = new RemoteSession(this, message.session)
        this.sessions.set(session.id, session)
        return this.#ports.onSession(session, 'opened')
      }
      case 'sessions':
        for (const change of message.changes) this.sessions.get(change.id)?.changed(change)
        return
      case 'closed': {
        const session = this.sessions.get(message.session)
        this.sessions.delete(message.session)
        return session === undefined ? undefined : this.#ports.onSession(session, 'closed')
      }
      case 'pools':
        this.#pools = message.pools
        return
      case 'relay':
      case 'met':
      case 'passed':
      case 'report':
        this.#ports.heard(message, this)
    }
  }
}
