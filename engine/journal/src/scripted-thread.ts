import { workerData } from 'node:worker_threads'
import { cells, type ThreadData } from './durable-thread.ts'

/** A disk that does what its descriptor says: take so many milliseconds, fail with an error number, or die. */
const { control } = workerData as ThreadData
const sleeper = new Int32Array(new SharedArrayBuffer(4))

const dies = 100_000
const fails = 200_000

for (let done = 0; ;) {
  Atomics.wait(control, cells.order, done)
  done = Atomics.load(control, cells.order)
  const fd = Atomics.load(control, cells.fd)
  if (fd < 0) break
  if (fd === dies) throw new Error('out of memory')
  if (fd < dies) Atomics.wait(sleeper, 0, 0, fd)
  Atomics.store(control, cells.errno, fd < fails ? 0 : fails - fd)
  Atomics.store(control, cells.done, done)
  Atomics.notify(control, cells.done)
}
