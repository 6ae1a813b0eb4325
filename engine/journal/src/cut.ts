import { controlStream, LegalHoldFold } from '@sluice/core'
import type { Disk } from './disk.ts'
import { digestOf, excerptName, excerptsIn, type Excerpt } from './excerpt.ts'
import { verifySignature } from './keys.ts'
import { logStart, readEvents, type ReadEnd } from './read.ts'
import { LogDamagedError } from './recovery.ts'
import { segmentName } from './segment.ts'

/** Where a log begins, once its oldest segments were removed. */
export class Cut {
  readonly #excerpts: Excerpt[]

  constructor(excerpts: readonly Excerpt[] = []) {
    this.#excerpts = [...excerpts]
  }

  /** What is left of the removed segments, the oldest first. */
  get excerpts(): readonly Excerpt[] {
    return this.#excerpts
  }

  /** The last segment that was removed; 0 when none was. */
  get last(): number {
    return this.#excerpts.at(-1)?.last ?? 0
  }

  add(excerpt: Excerpt): void {
    this.#excerpts.push(excerpt)
  }
}

/**
 * Finds where a log begins, and ends what a crash interrupted: what is stated in the log is removed, and what is left of
 * segments that nobody stated is thrown away.
 *
 * @throws LogDamagedError when segments are gone of which the log does not say so
 */
export async function openCut(disk: Disk, end: ReadEnd, publicKey: Uint8Array): Promise<Cut> {
  const excerpts = await excerptsIn(disk)
  const newest = excerpts.at(-1)
  if (newest === undefined) return new Cut()
  const unreadable = excerpts.find(({ first }) => first === 0)
  if (unreadable !== undefined)
    throw new LogDamagedError(
      `The log is damaged: the header of ${excerptName(unreadable.last)} is not readable. Restore it.`,
    )
  const names = new Set(await disk.list())
  for (const excerpt of excerpts.slice(0, -1)) await removeLeft(disk, excerpt)
  const left = segmentsOf(newest).filter((segment) => names.has(segmentName(segment)))
  if (left.length === 0) return new Cut(excerpts)
  const whole = left.length === segmentsOf(newest).length
  const cut = new Cut(whole ? excerpts.slice(0, -1) : excerpts)
  if (await isStated(disk, newest, { cut, end, publicKey })) {
    await removeLeft(disk, newest)
    return new Cut(excerpts)
  }
  if (!whole)
    throw new LogDamagedError(
      `The log is damaged: of segments ${newest.first} to ${newest.last} some are missing, and it does not say that they were removed. Restore them.`,
    )
  await disk.remove(excerptName(newest.last))
  return cut
}

/** Removes segments of which only an excerpt is to be left. */
export async function removeLeft(disk: Disk, excerpt: Excerpt): Promise<void> {
  const names = new Set(await disk.list())
  for (const name of segmentsOf(excerpt).map(segmentName)) if (names.has(name)) await disk.remove(name)
}

/** Excerpts that stand for their segments: the newest does not while all of these are still there. */
export async function excerptsInEffect(disk: Pick<Disk, 'list' | 'read'>): Promise<readonly Excerpt[]> {
  const names = new Set(await disk.list())
  const excerpts = await excerptsIn(disk)
  return excerpts.filter(
    (one) => one !== excerpts.at(-1) || segmentsOf(one).some((segment) => !names.has(segmentName(segment))),
  )
}

function segmentsOf({ first, last }: Excerpt): readonly number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

interface Reading {
  readonly cut: Cut
  readonly end: ReadEnd
  readonly publicKey: Uint8Array
}

/** Whether the log says that exactly this is left of the segments, and no legal hold forbids it. */
async function isStated(disk: Disk, excerpt: Excerpt, { cut, end, publicKey }: Reading): Promise<boolean> {
  const digest = await digestOf(disk, excerptName(excerpt.last))
  const holds = new LegalHoldFold()
  for await (const event of readEvents(disk, logStart, end, controlStream, cut)) {
    if (event.sig === null || !verifySignature(publicKey, event.hash, event.sig)) continue
    holds.apply(event)
    if (event.type !== 'SegmentsRemoved' || !holds.admits(event.data)) continue
    const { first, last, excerpt: stated } = event.data
    if (first === excerpt.first && last === excerpt.last && stated === digest) return true
  }
  return false
}
