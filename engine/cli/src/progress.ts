import type { Io } from './command.ts'

const everyMs = 2_000

/** Says how far long work is, on the error stream and no more often than every two seconds. */
export function progressOn(io: Io): (line: () => string) => void {
  let told = performance.now()
  return (line) => {
    const now = performance.now()
    if (now - told < everyMs) return
    told = now
    io.error(`${line()}\n`)
  }
}
