import { Worker } from 'node:worker_threads'
import type { CompilerFailure, CompilerThread } from './compiler.ts'
import { threadFile } from './thread-file.ts'

/**
 * The process of the compiler. The work is done in a thread of it, whose stack may be deeper than a process's: Go's
 * compiler recurses. It ends with whoever started it.
 */
const workerData = JSON.parse(process.argv[2] ?? '') as CompilerThread
const worker = new Worker(threadFile('compiler-thread', import.meta.url), {
  workerData,
  resourceLimits: { stackSizeMb: 32 },
  env: {},
})

process.on('message', (request: string) => worker.postMessage(request))
worker.on('message', (answer: string) => process.send?.(answer))
worker.on('error', ({ message }) => {
  const failure: CompilerFailure = { failed: message }
  process.send?.(failure, () => process.exit(1))
})
process.once('disconnect', () => process.exit())
