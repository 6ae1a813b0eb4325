import type { Clock, IncarnationState } from '@sluice/core'
import type { Kafka } from 'kafkajs'
import type { Report } from '../data-keys.ts'
import { openCluster } from './cluster.ts'
import type { ControlView } from './control-view.ts'
import { decodeBeat, type Lease, type LeaseTimes } from './lease.ts'
import { RecordReader, type Lane } from './reader.ts'

export interface PeersPorts {
  readonly kafka: Kafka
  /** Of the beats. */
  readonly topic: string
  readonly clock: Clock
  readonly report: Report
  readonly times: LeaseTimes
  readonly lease: Lease
  readonly view: ControlView
  /** Appends that an incarnation was lost. */
  readonly declareLost: (of: IncarnationState) => Promise<unknown>
}

const retryMs = 1_000

/**
 * Listens to the beats of the other gateways, and says in the log who has fallen silent. Only while it hears itself: of
 * who is behind or cut off nobody needs to hear that the others are gone.
 */
export class Peers {
  readonly #ports: PeersPorts
  readonly #heardMs = new Map<string, number>()
  /** When it was first known to have joined: its first beat may be on its way. */
  readonly #knownMs = new Map<string, number>()
  readonly #declared = new Set<string>()
  readonly #leaving = new AbortController()
  #timer: Disposable | undefined
  /** Since when it hears itself without a break. */
  #sinceMs: number | undefined

  constructor(ports: PeersPorts) {
    this.#ports = ports
  }

  start(): void {
    void this.#listen()
    this.#look()
  }

  /** A fetch that is under way ends by itself, and nobody hears what it brings. */
  close(): void {
    this.#leaving.abort()
    this.#timer?.[Symbol.dispose]()
  }

  async #listen(): Promise<void> {
    const { clock, report } = this.#ports
    while (!this.#leaving.signal.aborted) {
      try {
        await this.#follow()
      } catch (error) {
        if (this.#leaving.signal.aborted) return
        report('the beats of the other gateways could not be read; trying again', error)
        await new Promise<void>((resolve) => clock.after(retryMs, resolve))
      }
    }
  }

  /** From the present end: what was said before says nothing about now. */
  async #follow(): Promise<void> {
    const cluster = openCluster(this.#ports.kafka)
    const leave = (): void => void cluster.disconnect().catch(() => {})
    this.#leaving.signal.addEventListener('abort', leave, { once: true })
    try {
      await cluster.connect()
      const { topic } = this.#ports
      await cluster.addMultipleTargetTopics([topic])
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition: 0 }] }])
      const next = Number(found?.partitions[0]?.offset ?? 0)
      const lane: Lane = { topic, partition: 0, next, end: Infinity, records: [] }
      const reader = new RecordReader(cluster, [lane])
      while (!this.#leaving.signal.aborted) {
        await reader.more()
        for (const { value } of lane.records.splice(0)) this.#hear(value)
      }
    } finally {
      this.#leaving.signal.removeEventListener('abort', leave)
      await cluster.disconnect().catch(() => {})
    }
  }

  #hear(value: Buffer | null): void {
    if (value === null) return
    const { writer, epoch } = decodeBeat(value)
    this.#heardMs.set(keyOf({ writer, epoch }), this.#ports.clock.monotonic())
  }

  #look(): void {
    const { clock, times } = this.#ports
    this.#timer = clock.after(times.beatMs, () => {
      this.#judge()
      this.#look()
    })
  }

  #judge(): void {
    const { clock, times, lease, view } = this.#ports
    const now = clock.monotonic()
    const own = this.#heardMs.get(keyOf(lease))
    if (!lease.live || own === undefined || now - own > 2 * times.beatMs + times.leaseMs / 2) {
      this.#sinceMs = undefined
      return
    }
    this.#sinceMs ??= now
    for (const peer of view.incarnations.joined()) {
      if (keyOf(peer) === keyOf(lease)) continue
      const heard = Math.max(
        this.#heardMs.get(keyOf(peer)) ?? -Infinity,
        this.#sinceMs,
        this.#known(peer, now),
      )
      if (now - heard > 2 * times.leaseMs + times.beatMs) this.#declare(peer)
    }
  }

  #known(peer: IncarnationState, now: number): number {
    const known = this.#knownMs.get(keyOf(peer)) ?? now
    this.#knownMs.set(keyOf(peer), known)
    return known
  }

  #declare(peer: IncarnationState): void {
    const key = `${keyOf(peer)}/${peer.resumes}`
    if (this.#declared.has(key)) return
    this.#declared.add(key)
    this.#ports.declareLost(peer).catch((error: unknown) => {
      this.#declared.delete(key)
      this.#ports.report('a lost gateway could not be declared lost; trying again', error)
    })
  }
}

function keyOf({ writer, epoch }: Pick<IncarnationState, 'writer' | 'epoch'>): string {
  return `${writer}/${epoch}`
}
