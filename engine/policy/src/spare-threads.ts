import { Worker } from 'node:worker_threads'
import { threadFile } from './thread-file.ts'

/**
 * Evaluating threads that are started before there is a policy for them: starting one takes as long as compiling, and
 * can be done meanwhile. Those that nobody took end with it.
 */
export class SpareThreads implements AsyncDisposable {
  readonly #spare = new Set<Worker>()

  constructor(count = 0) {
    for (let each = 0; each < count; each++) {
      const worker = startThread()
      this.#spare.add(worker)
      worker.once('exit', () => this.#spare.delete(worker))
    }
  }

  /** One that was started, or else one that starts now. */
  take(): Worker {
    const [first] = this.#spare
    if (first === undefined) return startThread()
    this.#spare.delete(first)
    return first
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#spare].map((worker) => worker.terminate()))
  }
}

function startThread(): Worker {
  const worker = new Worker(threadFile('evaluator-thread', import.meta.url), { env: {} })
  // Whoever has it hears of it; while nobody has it must not end the process.
  worker.on('error', () => {})
  return worker
}
