import type { Clock, EventData, Ids, NewEvent } from '@sluice/core'
import type { Disk } from './disk.ts'
import { MemoryDisk } from './memory-disk.ts'

/** Time, identifiers, events and disks that do what a test tells them. */

/** Stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => this.#timers.delete(timer) }
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of this.#timers)
      if (timer.at <= this.#now) {
        this.#timers.delete(timer)
        timer.callback()
      }
  }
}

export function countedIds(): Ids {
  let count = 0
  return { next: (prefix) => `${prefix}_${String(++count).padStart(26, '0')}`, random32: () => 4 }
}

/** Lets everything that waits for no timer happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Builds events of one stream. */
export interface EventsOf {
  request(content: string, exchange?: string): NewEvent
  abandoned(reason: string): NewEvent
  closed(): NewEvent
  removed(name: string): NewEvent
}

export function eventsOf(ids: Ids, stream: string): EventsOf {
  const event = <T extends NewEvent['type']>(type: T, data: EventData[T], sealed?: string): NewEvent => {
    const content = sealed === undefined ? {} : { sealed: Buffer.from(sealed) }
    return { id: ids.next('evt'), time: 1_700_000_000_000, type, data, ...content } as NewEvent
  }
  return {
    request: (content: string, exchange = ids.next('exc')) =>
      event(
        'RequestReceived',
        { session: stream, exchange, actions: '[]', digest: 'd', bytes: content.length },
        content,
      ),
    abandoned: (reason: string) =>
      event('ExchangeAbandoned', { session: stream, exchange: ids.next('exc'), reason }),
    closed: () =>
      event('SessionClosed', { session: stream, reason: 'done', requests: 1, denied: 0, rows: 0, bytes: 0 }),
    removed: (name: string) => event('TargetRemoved', { name, by: 'test' }),
  }
}

/** A disk whose writes fail, hang, or wait for the test. */
export class FailingDisk extends MemoryDisk {
  failing: string | undefined
  writes = 0
  #held: (() => void)[] | undefined

  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held
    this.#held = undefined
    for (const go of held ?? []) go()
  }

  override async write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    this.writes += 1
    await this.#pass()
    await super.write(name, at, bytes)
  }

  override async allocate(name: string, bytes: number): Promise<void> {
    await this.#pass()
    await super.allocate(name, bytes)
  }

  override async remove(name: string): Promise<void> {
    await this.#pass()
    await super.remove(name)
  }

  override async create(name: string, content: Uint8Array): Promise<void> {
    await this.#pass()
    await super.create(name, content)
  }

  async #pass(): Promise<void> {
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve))
    if (this.failing !== undefined) throw Object.assign(new Error(this.failing), { code: this.failing })
  }
}

const sectorBytes = 512

interface Pending {
  /** What is left of it when the power fails before it is done. */
  readonly partly: () => void
}

/**
 * A disk whose power fails at the n-th change. What was acknowledged before stays; of every change under way any
 * subset of sectors, or a prefix, is there. From then on nothing is ever answered.
 */
export class CrashingDisk implements Disk {
  readonly files: Map<string, Buffer> = new Map()
  readonly crashed: Promise<void>
  changes = 0
  readonly #crashAt: number
  readonly #random: () => number
  readonly #pending = new Set<Pending>()
  readonly #crash: () => void
  #dead = false

  constructor(of: MemoryDisk | null, crashAt: number, seed: number) {
    for (const [name, file] of of?.files ?? []) this.files.set(name, Buffer.from(file))
    this.#crashAt = crashAt
    this.#random = randomOf(seed)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.crashed = promise
    this.#crash = resolve
  }

  /** The disk after the power is back. */
  survivor(): MemoryDisk {
    const disk = new MemoryDisk()
    for (const [name, file] of this.files) disk.files.set(name, Buffer.from(file))
    return disk
  }

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()]
  }

  async read(name: string, at: number, into: Uint8Array): Promise<number> {
    const part = (this.files.get(name) ?? Buffer.alloc(0)).subarray(at, at + into.length)
    into.set(part)
    return part.length
  }

  write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const content = Buffer.from(bytes)
    return this.#change(
      () => this.#put(name, at, content),
      () => this.#putPartly(name, at, content),
    )
  }

  allocate(name: string, bytes: number): Promise<void> {
    return this.#change(
      () => this.files.set(name, Buffer.alloc(bytes)),
      () => this.#random() < 0.5 && this.files.set(name, Buffer.alloc(Math.floor(bytes * this.#random()))),
    )
  }

  create(name: string, content: Uint8Array): Promise<void> {
    const all = (): unknown => this.files.set(name, Buffer.from(content))
    return this.#change(all, () => this.#random() < 0.5 && all())
  }

  remove(name: string): Promise<void> {
    const gone = (): unknown => this.files.delete(name)
    return this.#change(gone, () => this.#random() < 0.5 && gone())
  }

  buffer(bytes: number): Buffer {
    return Buffer.alloc(bytes)
  }

  async close(): Promise<void> {}

  async #change(whole: () => unknown, partly: () => unknown): Promise<void> {
    if (this.#dead) return forever()
    const pending: Pending = { partly: () => void partly() }
    this.#pending.add(pending)
    if (++this.changes === this.#crashAt) {
      this.#dead = true
      for (const each of this.#pending) each.partly()
      this.#crash()
      return forever()
    }
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#dead) return forever()
    this.#pending.delete(pending)
    whole()
  }

  #put(name: string, at: number, bytes: Buffer): void {
    const file = this.files.get(name) ?? Buffer.alloc(0)
    const grown = at + bytes.length > file.length ? Buffer.concat([file], at + bytes.length) : file
    grown.set(bytes, at)
    this.files.set(name, grown)
  }

  #putPartly(name: string, at: number, bytes: Buffer): void {
    const asPrefix = this.#random() < 0.3
    const prefix = bytes.length * this.#random()
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
      if (asPrefix ? to <= prefix : this.#random() < 0.5) this.#put(name, at + from, bytes.subarray(from, to))
      from = to
    }
  }
}

function forever(): Promise<never> {
  return new Promise(() => {})
}

/** Mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
