import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limits, type Clock } from '@sluice/core'

/**
 * Calls `changed` once soon, since a folder may have changed while it was read for the first time, and then whenever
 * it is no longer as it was and has stayed so for `limits.policyReloadWaitMs`: an editor
 * writes a file in several steps, a deployment several files. It looks rather than waits to be told: the system
 * tells nothing about network and container mounts, of a folder that took another's name, or of a file after an
 * editor has replaced it.
 */
export function watchFolder(folder: string, clock: Clock, changed: () => void): Disposable {
  let timer: Disposable | null = null
  let closed = false
  let seen: string | null = null
  let unsettled = false

  async function look(): Promise<void> {
    const now = await signature(folder)
    if (now !== seen) unsettled = true
    else if (unsettled && !closed) {
      unsettled = false
      changed()
    }
    seen = now
    if (!closed) timer = clock.after(limits.policyReloadWaitMs, () => void look())
  }

  void look()
  return {
    [Symbol.dispose]() {
      closed = true
      timer?.[Symbol.dispose]()
    },
  }
}

/** Changes with every write, whether the time or the size of a file tells it. */
async function signature(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const marks = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const mark = await stat(path, { bigint: true }).catch(() => null)
    return [path, ...(mark === null ? [] : [mark.ino, mark.size, mark.mtimeNs, mark.ctimeNs])].join(' ')
  })
  return (await Promise.all(marks)).toSorted().join('\n')
}
