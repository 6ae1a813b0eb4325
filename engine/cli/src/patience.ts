import type { Io } from './command.ts'

/** The person pressed Ctrl-C, or somebody ended the process: nothing more is to be said. */
export class Interrupted extends Error {}

const firstMs = 1_000
const nextMs = 5_000

/**
 * Waits for long work and says so: nothing within the first second, then a line now and then on the error stream.
 * Rejects at once when the command is interrupted; the work itself then ends with the process.
 */
export async function patiently<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  const started = performance.now()
  const say = (): void => {
    io.error(`${what}, ${Math.round((performance.now() - started) / 1000)} s\n`)
    timer = setTimeout(say, nextMs)
  }
  let timer = setTimeout(say, firstMs)
  const interrupted = Promise.withResolvers<never>()
  const stop = (): void => interrupted.reject(new Interrupted())
  if (io.signal.aborted) stop()
  io.signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, interrupted.promise])
  } finally {
    clearTimeout(timer)
    io.signal.removeEventListener('abort', stop)
  }
}
