import { parentPort } from 'node:worker_threads'
import { openEvaluator, type Evaluator } from './evaluate.ts'
import type { EvaluatorThread } from './pool.ts'

/**
 * A policy, then one document in, one verdict out, one at a time: the pool gives the next one only after the answer.
 * Another policy takes the place of the one before.
 */
let evaluator: Evaluator | undefined

async function take(message: EvaluatorThread | string): Promise<unknown> {
  if (typeof message === 'string') return await evaluator?.evaluate(message)
  evaluator = await openEvaluator(message.module, message.data)
  return 'ready'
}

parentPort?.on('message', (message: EvaluatorThread | string) => {
  void take(message).then((answer) => parentPort?.postMessage(answer))
})
