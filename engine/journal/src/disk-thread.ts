import { fdatasyncSync, writeSync } from 'node:fs'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { cells, type GivenBuffer, type ThreadData } from './durable-thread.ts'

/**
 * Writes and syncs, one order at a time, so that a disk that stalls holds up this thread and never the event loop.
 * It sleeps in `Atomics.wait`, from which it wakes faster than from a message.
 */
const { control, port } = workerData as ThreadData
const kept: Buffer[] = []

for (let done = 0; ;) {
  Atomics.wait(control, cells.order, done)
  done = Atomics.load(control, cells.order)
  const fd = Atomics.load(control, cells.fd)
  if (fd < 0) break
  const buffer = ordered()
  Atomics.store(control, cells.errno, write(fd, buffer))
  Atomics.store(control, cells.done, done)
  Atomics.notify(control, cells.done)
}

function ordered(): Buffer {
  const id = Atomics.load(control, cells.buffer)
  const known = kept[id]
  if (known !== undefined) return known
  const given = receiveMessageOnPort(port)
  if (given === undefined) throw new Error('an order came without its buffer')
  const { memory, keep } = given.message as GivenBuffer
  const buffer = Buffer.from(memory)
  if (keep) kept[id] = buffer
  return buffer
}

/** Zero, or the system's error number. */
function write(fd: number, buffer: Buffer): number {
  try {
    let from = Atomics.load(control, cells.from)
    let left = Atomics.load(control, cells.length)
    let at = Atomics.load(control, cells.atHigh) * 2 ** 31 + Atomics.load(control, cells.atLow)
    while (left > 0) {
      const written = writeSync(fd, buffer, from, left, at)
      from += written
      at += written
      left -= written
    }
    fdatasyncSync(fd)
    return 0
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? cells.unknownErrno
  }
}
