import { Worker } from 'node:worker_threads'
import { limits } from '@sluice/core'
import { threadFile } from './thread-file.ts'

/**
 * Evaluating threads without a policy. Starting one takes a tenth of a second, so they are started while policies
 * compile, and those of the policies before serve again.
 */
export class SpareThreads implements AsyncDisposable {
  readonly #spare = new Set<Worker>()
  #closed = false

  /** Starts as many as one pool needs. */
  prepare(): void {
    while (!this.#closed && this.#spare.size < limits.policyThreads) this.#keep(startThread())
  }

  /** One that waits, or else one that starts now. */
  take(): Worker {
    const [first] = this.#spare
    if (first === undefined) return startThread()
    this.#spare.delete(first)
    return first
  }

  /** Takes a thread back that is not working, or ends it where there are enough. */
  async give(worker: Worker): Promise<void> {
    // Not simply all: a worker listens to itself.
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
    worker.on('error', () => {})
    if (this.#closed || this.#spare.size >= limits.policyThreads) await worker.terminate()
    else this.#keep(worker)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#spare].map((worker) => worker.terminate()))
  }

  #keep(worker: Worker): void {
    this.#spare.add(worker)
    worker.once('exit', () => this.#spare.delete(worker))
  }
}

function startThread(): Worker {
  const worker = new Worker(threadFile('evaluator-thread', import.meta.url), { env: {} })
  // Whoever has it hears of it; while nobody has it must not end the process.
  worker.on('error', () => {})
  return worker
}
