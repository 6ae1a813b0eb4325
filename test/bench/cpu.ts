import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time of a process and all its threads in microseconds, from the kernel's scheduler statistics
 * (`/proc/<pid>/task/<tid>/schedstat`, nanoseconds on CPU), which are finer than the ticks of `stat`.
 */
export function cpuMicros(pid: number): number {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
      nanos += Number(onCpu)
    } catch {
      // The thread ended between the listing and the read.
    }
  }
  return nanos / 1000
}

/** Resident memory in bytes. */
export function rssBytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? 0) * 1024
}
