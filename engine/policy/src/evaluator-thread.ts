import { parentPort, workerData } from 'node:worker_threads'
import { openEvaluator } from './evaluate.ts'
import type { EvaluatorThread } from './pool.ts'

/** One document in, one verdict out, one at a time: the pool gives the next one only after the answer. */
const { module, data } = workerData as EvaluatorThread
const evaluator = await openEvaluator(module, data)

parentPort?.on('message', (document: string) => {
  void evaluator.evaluate(document).then((evaluated) => parentPort?.postMessage(evaluated))
})
parentPort?.postMessage('ready')
