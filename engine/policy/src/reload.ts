import { watch, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limits, type Clock } from '@sluice/core'

/**
 * Calls `changed` once soon, since a folder may have changed while it was read for the first time, and then whenever
 * it is no longer as it was and has stayed so for `limits.policySettleMs`: an editor writes a file in several steps, a
 * deployment several files. What the system tells only makes it look at once: it tells nothing about network and
 * container mounts or a folder that comes back, so it also looks by itself.
 */
export function watchFolder(folder: string, clock: Clock, changed: () => void): Disposable {
  const ears = new Ears(() => told())
  let timer: Disposable | null = null
  let looking = false
  let heard = false
  let closed = false
  let seen: string | null = null
  let unsettled = false

  async function look(): Promise<void> {
    looking = true
    heard = false
    const { signature, folders, begun } = await survey(folder)
    looking = false
    if (closed) return
    if (signature !== seen || heard) {
      unsettled = true
      ears.listen(folders)
    } else if (unsettled) {
      unsettled = false
      changed()
    }
    seen = signature
    const soon = unsettled && !begun
    timer = clock.after(soon ? limits.policySettleMs : limits.policyLookMs, () => void look())
  }

  /** While something is unsettled another look follows soon in any case. */
  function told(): void {
    heard = true
    if (closed || looking || unsettled) return
    timer?.[Symbol.dispose]()
    void look()
  }

  void look()
  return {
    [Symbol.dispose]() {
      closed = true
      timer?.[Symbol.dispose]()
      ears.listen(new Map())
    },
  }
}

/** Hears of changes directly in each of some folders, where the system tells of them. */
class Ears {
  readonly #told: () => void
  readonly #watchers = new Map<string, FSWatcher>()

  constructor(told: () => void) {
    this.#told = told
  }

  /** In these and no other ones. The key tells a folder from another one that took its name. */
  listen(folders: ReadonlyMap<string, string>): void {
    for (const [key, watcher] of this.#watchers) if (!folders.has(key)) this.#drop(key, watcher)
    for (const [key, path] of folders) if (!this.#watchers.has(key)) this.#add(key, path)
  }

  /** Where nothing can be watched, or no more, looking alone must do. */
  #add(key: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#told)
      watcher.on('error', () => this.#drop(key, watcher))
      this.#watchers.set(key, watcher)
    } catch {
      this.#watchers.delete(key)
    }
  }

  #drop(key: string, watcher: FSWatcher): void {
    watcher.close()
    this.#watchers.delete(key)
  }
}

interface Survey {
  /** Changes with every write, whether the time or the size of a file tells it. */
  readonly signature: string
  /** A file is empty, so somebody is about to write it. */
  readonly begun: boolean
  /** The folder and those below it, by what tells them from another of the same name. */
  readonly folders: ReadonlyMap<string, string>
}

async function survey(folder: string): Promise<Survey> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = [folder, ...entries.map((entry) => join(entry.parentPath, entry.name))]
  const folders = new Map<string, string>()
  let begun = false
  const marks = paths.map(async (path) => {
    const mark = await stat(path, { bigint: true }).catch(() => null)
    if (mark === null) return path
    if (mark.isDirectory()) folders.set(`${path} ${mark.ino}`, path)
    else if (mark.size === 0n && /\.(rego|json|yaml)$/.test(path)) begun = true
    return [path, mark.ino, mark.size, mark.mtimeNs, mark.ctimeNs].join(' ')
  })
  const signature = (await Promise.all(marks)).toSorted().join('\n')
  return { signature, folders, begun }
}
