import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { limits, type Clock } from '@sluice/core'
import { Member, type MemberPorts } from './member.ts'
import type { Addresses, Beginning, ToWorker } from './messages.ts'

export interface CrewPorts extends MemberPorts {
  readonly clock: Clock
  readonly workers: number
  /** What a worker that starts now must know. */
  readonly begin: (addresses: Addresses) => Beginning
  /** A worker is gone, however that was. Never rejects. */
  readonly lost: (member: Member) => Promise<void>
  readonly report: (what: string, error: unknown) => void
}

const program = fileURLToPath(
  new URL(`./main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** Before a worker takes the place of one that ended: doubled each time, and forgotten after a while without. */
const restartMs = 200
const restartMsMax = 10_000
const steadyMs = 60_000
/** Beyond the time to drain, for what is still to be recorded. */
const closeMs = 1_000

/**
 * The workers of a supervisor: as many as were asked for, all the time. The system's ports are opened once, by the
 * supervisor, which gives each connection to the next worker in turn.
 */
export class Crew {
  readonly #ports: CrewPorts
  readonly #members = new Set<Member>()
  readonly #places: Promise<void>[] = []
  readonly #waits = new Set<() => void>()
  #addresses: Addresses = {}
  /** With which ports workers begin: those that share one must ask for it in the same words. */
  #asked: Addresses = {}
  #closing = false

  constructor(ports: CrewPorts) {
    this.#ports = ports
  }

  get members(): Iterable<Member> {
    return this.#members
  }

  get addresses(): Addresses {
    return this.#addresses
  }

  get listening(): boolean {
    return [...this.#members].some(({ isReady }) => isReady)
  }

  /** Rejects when one of them cannot serve: what is wrong at the start is not tried again. */
  async start(): Promise<void> {
    cluster.schedulingPolicy = cluster.SCHED_RR
    cluster.setupPrimary({
      exec: program,
      args: [],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe'],
    })
    const first = this.#fork()
    this.#addresses = await first.ready
    const others = Array.from({ length: this.#ports.workers - 1 }, () => this.#fork())
    await Promise.all(others.map(({ ready }) => ready))
    this.#places.push(...[first, ...others].map((member) => this.#keep(member)))
  }

  tell(message: ToWorker): void {
    for (const member of this.#members) member.tell(message)
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const wake of this.#waits) wake()
    const members = [...this.#members]
    for (const member of members) member.tell({ kind: 'drain' })
    using _late = this.#ports.clock.after(limits.drainMs + closeMs, () => {
      for (const member of this.#members) member.kill()
    })
    await Promise.all(members.map(({ gone }) => gone))
    await Promise.all(this.#places)
  }

  #fork(): Member {
    // Nobody holds the ports that the system chose, so that they can be, and must be, asked for.
    if (this.#members.size === 0) this.#asked = this.#addresses
    const beginning = this.#ports.begin(this.#asked)
    const member = new Member(cluster.fork(), beginning, this.#ports)
    this.#members.add(member)
    return member
  }

  /** One place in the crew: when its worker ends, another one takes it. */
  async #keep(first: Member): Promise<void> {
    let member = first
    let waitMs = restartMs
    for (;;) {
      const begunMs = this.#ports.clock.monotonic()
      await member.gone
      this.#members.delete(member)
      await this.#ports.lost(member)
      if (this.#closing) return
      this.#ports.report(`worker ${member.pid} has ended, another one takes its place`, null)
      if (this.#ports.clock.monotonic() - begunMs > steadyMs) waitMs = restartMs
      await this.#wait(waitMs)
      waitMs = Math.min(2 * waitMs, restartMsMax)
      if (this.#closing) return
      member = this.#fork()
      const started = member
      started.ready.catch((error: unknown) => {
        this.#ports.report('a worker does not start', error)
        started.kill()
      })
    }
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    using _timer = this.#ports.clock.after(ms, resolve)
    this.#waits.add(resolve)
    await promise
    this.#waits.delete(resolve)
  }
}
