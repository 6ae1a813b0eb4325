import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { openEvaluator } from './evaluate.ts'
import type { EvaluatorThread } from './pool.ts'

/**
 * First the policy, then one document in, one verdict out, one at a time: the pool gives the next one only after the
 * answer.
 */
if (parentPort === null) throw new Error('this is the file of a thread')
const port = parentPort
const [{ module, data }] = (await once(port, 'message')) as [EvaluatorThread]
const evaluator = await openEvaluator(module, data)

port.on('message', (document: string) => {
  void evaluator.evaluate(document).then((evaluated) => port.postMessage(evaluated))
})
port.postMessage('ready')
