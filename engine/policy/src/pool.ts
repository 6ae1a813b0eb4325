import type { Worker } from 'node:worker_threads'
import { denial, limits, type Clock, type Verdict } from '@sluice/core'
import type { Evaluated } from './evaluate.ts'
import { SpareThreads } from './spare-threads.ts'

/** What an evaluating thread is given first. */
export interface EvaluatorThread {
  readonly module: WebAssembly.Module
  readonly data: string
}

interface Job {
  readonly document: string
  readonly settle: (evaluated: Evaluated) => void
  readonly queuedMs: number
}

interface Thread {
  readonly worker: Worker
  job: Job | null
  startedMs: number
  /** How often its job was seen to be slow. */
  looks: number
  /** Processor time that the thread had used when its job was first seen to be slow. */
  spentMs: number | null
}

const lookEveryMs = 10

/**
 * Threads that evaluate a compiled policy, so that a policy that does not end costs only its own request: after
 * `limits.policySlowMs` a spare thread takes its place, after `limits.policyEvaluateMs` of processor time the thread
 * is ended and the request refused. Waiting is bounded in number and time.
 */
export class EvaluatorPool implements AsyncDisposable {
  readonly #thread: EvaluatorThread
  readonly #clock: Clock
  readonly #threads = new Set<Thread>()
  readonly #idle: Thread[] = []
  readonly #queue: Job[] = []
  #starting = 0
  #looking = false
  #closed = false

  private constructor(thread: EvaluatorThread, clock: Clock) {
    this.#thread = thread
    this.#clock = clock
  }

  /** Resolves once `limits.policyThreads` are ready; rejects when the module or its data cannot be loaded. */
  static async open(
    thread: EvaluatorThread,
    clock: Clock,
    spares: SpareThreads = new SpareThreads(),
  ): Promise<EvaluatorPool> {
    const pool = new EvaluatorPool(thread, clock)
    try {
      await Promise.all(Array.from({ length: limits.policyThreads }, () => pool.#start(spares)))
    } catch (error) {
      await pool.close()
      throw error
    }
    return pool
  }

  /** Never rejects: what goes wrong is a denial. */
  evaluate(document: string): Promise<Evaluated> {
    if (this.#closed) return Promise.resolve(refused('policy/closed', 'The policy is being replaced.'))
    if (this.#queue.length >= limits.policyQueueMax)
      return Promise.resolve(refused('policy/overloaded', 'Too many requests wait for the policy.'))
    return new Promise((settle) => {
      this.#queue.push({ document, settle, queuedMs: this.#clock.monotonic() })
      this.#dispatch()
      this.#look()
    })
  }

  /** Closes, but lets threads that are not working serve again. */
  async retire(spares: SpareThreads): Promise<void> {
    for (const thread of this.#idle.splice(0))
      if (this.#threads.delete(thread)) await spares.give(thread.worker)
    await this.close()
  }

  /** Refuses what is under way and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { settle } of this.#queue.splice(0))
      settle(refused('policy/closed', 'The policy is being replaced.'))
    const threads = [...this.#threads]
    for (const thread of threads)
      this.#drop(thread, refused('policy/closed', 'The policy is being replaced.'))
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idle.pop()
      if (thread === undefined) return
      const job = this.#queue.shift()
      if (job === undefined) return
      thread.job = job
      thread.startedMs = this.#clock.monotonic()
      thread.looks = 0
      thread.spentMs = null
      thread.worker.postMessage(job.document)
    }
  }

  async #start(spares: SpareThreads = new SpareThreads()): Promise<void> {
    this.#starting++
    const worker = spares.take()
    const thread: Thread = { worker, job: null, startedMs: 0, looks: 0, spentMs: null }
    this.#threads.add(thread)
    try {
      await new Promise<void>((resolve, reject) => {
        worker.once('message', () => resolve())
        worker.once('error', reject)
        worker.once('exit', () => reject(new Error('a policy thread ended before it was ready')))
        worker.postMessage(this.#thread)
      })
    } catch (error) {
      this.#threads.delete(thread)
      throw error
    } finally {
      this.#starting--
    }
    worker.on('message', (evaluated: Evaluated) => this.#answered(thread, evaluated))
    worker.on('error', (error) => this.#drop(thread, failed(error.message)))
    worker.on('exit', () => this.#drop(thread, failed('a policy thread ended')))
    this.#idle.push(thread)
    this.#dispatch()
  }

  #answered(thread: Thread, evaluated: Evaluated): void {
    const job = thread.job
    thread.job = null
    if (job === null || !this.#threads.has(thread)) return
    this.#idle.push(thread)
    job.settle(evaluated)
    this.#dispatch()
  }

  /** The thread is gone, or is being ended: its request gets `evaluated`, and another thread its place. */
  #drop(thread: Thread, evaluated: Evaluated): void {
    if (!this.#threads.delete(thread)) return
    const at = this.#idle.indexOf(thread)
    if (at >= 0) this.#idle.splice(at, 1)
    thread.job?.settle(evaluated)
    thread.job = null
    this.#replenish()
  }

  /** Keeps enough threads that are free or will be at once. A failed start is tried again at the next look. */
  #replenish(): void {
    if (this.#closed) return
    const slow = [...this.#threads].filter((thread) => this.#ranMs(thread) > limits.policySlowMs).length
    const quick = this.#threads.size - slow
    if (quick >= limits.policyThreads || this.#threads.size >= limits.policyThreadsMax) return
    this.#start().catch(() => this.#look())
    this.#replenish()
  }

  #ranMs(thread: Thread): number {
    return thread.job === null ? 0 : this.#clock.monotonic() - thread.startedMs
  }

  /** While anything is under way, looks at the threads and the queue again and again. */
  #look(): void {
    if (this.#looking || this.#closed) return
    this.#looking = true
    this.#clock.after(lookEveryMs, () => {
      this.#looking = false
      for (const thread of this.#threads) this.#watch(thread)
      this.#refuseWaiting()
      this.#replenish()
      const busy = [...this.#threads].some(({ job }) => job !== null)
      if (busy || this.#queue.length > 0 || this.#starting > 0) this.#look()
    })
  }

  /**
   * Counts processor time, so that a busy machine, or an event loop that was held up and has not read the answer
   * yet, refuses nobody.
   */
  #watch(thread: Thread): void {
    const { job } = thread
    const ran = this.#ranMs(thread)
    if (job === null || ran <= limits.policySlowMs) return
    // Only at a second look: the event loop has turned since the first, so an answer would have been read.
    if (thread.looks++ > 0 && ran > limits.policyEvaluateWallMs) {
      this.#end(thread)
      return
    }
    void processorMs(thread.worker).then((spent) => {
      if (thread.job !== job) return
      thread.spentMs ??= spent
      if (spent - thread.spentMs > limits.policyEvaluateMs - limits.policySlowMs) this.#end(thread)
    })
  }

  #end(thread: Thread): void {
    const { verdict } = refused('policy/deadline', 'The policy took too long on this request.')
    this.#drop(thread, { verdict, fault: 'the policy took too long on a request' })
    void thread.worker.terminate()
  }

  #refuseWaiting(): void {
    const now = this.#clock.monotonic()
    while (now - (this.#queue[0]?.queuedMs ?? now) > limits.policyQueueWaitMs)
      this.#queue.shift()?.settle(refused('policy/overloaded', 'Too many requests wait for the policy.'))
  }
}

/** User and system time of one thread. A thread that cannot tell is judged by the clock on the wall. */
async function processorMs(worker: Worker): Promise<number> {
  try {
    const { user, system } = await worker.cpuUsage()
    return (user + system) / 1000
  } catch {
    return 0
  }
}

function refused(rule: string, message: string): Evaluated {
  const verdict: Verdict = denial(rule, message, 'Try again later.')
  return { verdict, fault: null }
}

function failed(why: string): Evaluated {
  return {
    verdict: denial('policy/error', 'The policy failed on this request.', 'Tell the operator.'),
    fault: why,
  }
}
