import type { Clock, Ids } from '@sluice/core'
import type { Report } from './data-keys.ts'
import type { Disk } from './disk.ts'
import { Journal, type JournalOptions } from './journal.ts'
import { memoryKeys, type GatewayKeys } from './keys.ts'
import { MemoryDisk } from './memory-disk.ts'

export interface MemoryOptions extends JournalOptions {
  readonly clock: Clock
  readonly ids: Ids
  readonly report: Report
  /** What an earlier log left behind, to be taken up by the next incarnation. */
  readonly disk?: Disk
  readonly keys?: GatewayKeys
}

const memorySegmentBytes = 262_144

/** The same log without a disk, for tests: the same bytes, chains and recovery, gone with the process. */
export function openMemory(options: MemoryOptions): Promise<Journal> {
  const { disk = new MemoryDisk(), keys = memoryKeys(), clock, ids, report } = options
  return Journal.open({ disk, keys, clock, ids, report }, { segmentBytes: memorySegmentBytes, ...options })
}
