import { parentPort } from 'node:worker_threads'
import { openEvaluator, type Evaluator } from '../evaluate.ts'
import type { EvaluatorThread } from '../pool.ts'

/** A policy first, then many documents in, as many answers out. */
let evaluator: Evaluator | undefined

async function take(message: EvaluatorThread | readonly string[]): Promise<unknown> {
  if (!isDocuments(message)) {
    evaluator = await openEvaluator(message.module, message.data)
    return 'ready'
  }
  const answers = []
  for (const document of message) answers.push(await evaluator?.evaluate(document))
  return answers
}

function isDocuments(message: EvaluatorThread | readonly string[]): message is readonly string[] {
  return Array.isArray(message)
}

parentPort?.on('message', (message: EvaluatorThread | readonly string[]) => {
  void take(message).then((answer) => parentPort?.postMessage(answer))
})
