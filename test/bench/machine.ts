import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

/** Where figures come from: without it they mean nothing. */
export function machine(): Record<string, unknown> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model,
    memory: totalmem(),
    load: loadavg(),
    node: process.version,
    commit,
  }
}
