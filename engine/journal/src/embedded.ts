import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Ids } from '@sluice/core'
import type { Report } from './data-keys.ts'
import type { Disk } from './disk.ts'
import { Journal, type JournalOptions } from './journal.ts'
import { openKeys, publicKeyName, publicKeyPem } from './keys.ts'
import { LocalDisk, makeFolder } from './local-disk.ts'
import { acquireLock } from './lock.ts'
import type { Log } from './log.ts'

export interface EmbeddedOptions extends JournalOptions {
  /** Folder of the log. */
  readonly path: string
  /** Folder of the keys, apart from the log: who copies the log must not get them. */
  readonly keys: string
  readonly clock: Clock
  readonly ids: Ids
  /** What goes wrong beside a caller's request, for the operator. Never content. */
  readonly report: Report
  /** Stands between the log and its disk: fault tests delay or refuse writes with it. */
  readonly disk?: (disk: Disk) => Disk
}

/**
 * The log in a folder of this machine.
 *
 * @throws LockedError when somebody else writes it
 * @throws LogDamagedError when it is not what was acknowledged
 * @throws KeyError
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Log> {
  const { path, clock, ids, report } = options
  await makeFolder(path)
  const lock = await acquireLock(path, clock)
  await using opening = new AsyncDisposableStack()
  opening.defer(() => lock.release())
  const keys = await openKeys(options.keys)
  const local = await LocalDisk.open(path)
  opening.defer(() => local.close())
  const disk = options.disk?.(local) ?? local
  const journal = await Journal.open({ disk, keys, clock, ids, report }, options)
  await writeFile(join(path, publicKeyName), publicKeyPem(keys.publicKey), { flush: true })
  opening.move()
  // A lock that is not released is taken over once this process has ended, and no earlier: a write that hangs could
  // land in the midst of what the next writer writes.
  const released = journal.quiet
    .then(() => lock.release())
    .catch((error: unknown) => report('the log could not be released', error))
  let closing: Promise<void> | undefined
  return {
    writer: journal.writer,
    epoch: journal.epoch,
    get healthy() {
      return journal.healthy
    },
    live: journal.live,
    liveForMs: journal.liveForMs,
    get queuedBytes() {
      return journal.queuedBytes
    },
    get outlets() {
      return journal.outlets
    },
    append: (unit, appendOptions) => journal.append(unit, appendOptions),
    read: (after, stream) => journal.read(after, stream),
    subscribe: (after, signal, stream) => journal.subscribe(after, signal, stream),
    follow: (after, signal, take) => journal.follow(after, signal, take),
    unseal: (event) => journal.unseal(event),
    erase: (key) => journal.erase(key),
    removeOlder: (removal) => journal.removeOlder(removal),
    close: () => (closing ??= journal.end().then((clean) => (clean ? released : undefined))),
  }
}
