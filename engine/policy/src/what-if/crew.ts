import { Worker } from 'node:worker_threads'
import { limits } from '@sluice/core'
import type { Evaluated } from '../evaluate.ts'
import type { EvaluatorThread } from '../pool.ts'
import { threadFile } from '../thread-file.ts'

interface Hand {
  readonly worker: Worker
  /** What it is given next waits for this. */
  turn: Promise<unknown>
}

/** For a thread to be ready with its policy. */
const startMs = 30_000

/** A policy that does not end on one of the documents. */
export class EndlessPolicyError extends Error {
  override readonly name = 'EndlessPolicyError'
}

/**
 * Threads that evaluate many documents at a time: nobody waits for a single answer, so none is handed over alone.
 * Open it on one policy; close it always.
 */
export class Crew implements AsyncDisposable {
  readonly #hands: readonly Hand[]
  #next = 0

  private constructor(hands: readonly Hand[]) {
    this.#hands = hands
  }

  static async open(thread: EvaluatorThread, size: number): Promise<Crew> {
    const hands = Array.from({ length: size }, (): Hand => {
      const worker = new Worker(threadFile('thread', import.meta.url), { env: {} })
      // Who asks it something hears of it.
      worker.on('error', () => {})
      return { worker, turn: Promise.resolve() }
    })
    const crew = new Crew(hands)
    try {
      await Promise.all(hands.map(({ worker }) => asked(worker, thread, startMs)))
    } catch (error) {
      await crew[Symbol.asyncDispose]()
      throw error
    }
    return crew
  }

  /** Answers in the order of the documents. Rejects with `EndlessPolicyError`. */
  evaluate(documents: readonly string[]): Promise<readonly Evaluated[]> {
    const hand = this.#hands[this.#next++ % this.#hands.length]
    if (hand === undefined) return Promise.resolve([])
    const withinMs = limits.policyEvaluateWallMs + documents.length * limits.policyEvaluateMs
    const answers = hand.turn.then(() => asked(hand.worker, documents, withinMs))
    hand.turn = answers.catch(() => {})
    return answers as Promise<readonly Evaluated[]>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()))
  }
}

function asked(worker: Worker, message: unknown, withinMs: number): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const ended = (): void => reject(new Error('a thread that evaluates policies ended'))
  const late = setTimeout(
    () => reject(new EndlessPolicyError('the policy does not come to an end on one of the requests')),
    withinMs,
  )
  worker.once('message', resolve).once('error', reject).once('exit', ended)
  worker.postMessage(message)
  return promise.finally(() => {
    clearTimeout(late)
    worker.off('message', resolve).off('error', reject).off('exit', ended)
  })
}
