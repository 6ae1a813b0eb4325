import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Position } from '@sluice/core'
import type { Place } from './backlog.ts'

/** Why a destination is not told what it should be. */
export interface Trouble {
  readonly since: number
  readonly reason: string
  readonly attempts: number
}

/** How far one destination was told, on disk. */
export interface Checkpoint extends Place {
  /** What was recorded before is not told: when the destination was first served. */
  readonly since: number
  readonly trouble: Trouble | null
}

const ending = '.json'

export async function readCheckpoint(folder: string, name: string): Promise<Checkpoint | undefined> {
  try {
    return parsed(JSON.parse(await readFile(fileOf(folder, name), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all. */
export async function writeCheckpoint(folder: string, name: string, checkpoint: Checkpoint): Promise<void> {
  const file = fileOf(folder, name)
  await writeFile(`${file}.new`, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

/** Makes the folder, and forgets destinations that are not configured any more: they would begin long ago. */
export async function tidyCheckpoints(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const file of await readdir(folder))
    if (file.endsWith(ending) && !names.includes(file.slice(0, -ending.length)))
      await rm(join(folder, file), { force: true })
}

/** The destinations that were served last, and how each stands; `unreadable` where nobody can tell. */
export async function readCheckpoints(
  folder: string,
): Promise<ReadonlyMap<string, Checkpoint | 'unreadable'>> {
  const files = await readdir(folder).catch((): readonly string[] => [])
  const names = files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length))
  const read = names.toSorted().map(async (name) => {
    const checkpoint = await readCheckpoint(folder, name).catch(() => 'unreadable' as const)
    return [name, checkpoint ?? 'unreadable'] as const
  })
  return new Map(await Promise.all(read))
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}${ending}`)
}

function parsed(value: unknown): Checkpoint {
  if (typeof value !== 'object' || value === null) throw new Error('this is not a checkpoint')
  const { position, from, since, trouble } = value as Record<string, unknown>
  if (!isPlace(position) || !isPlace(from) || typeof since !== 'number' || !isTrouble(trouble))
    throw new Error('this is not a checkpoint')
  return { position, from, since, trouble }
}

function isPlace(value: unknown): value is Position | null {
  return value === null || (typeof value === 'string' && value !== '')
}

function isTrouble(value: unknown): value is Trouble | null {
  if (value === null) return true
  if (typeof value !== 'object') return false
  const { since, reason, attempts } = value as Record<string, unknown>
  return typeof since === 'number' && typeof reason === 'string' && typeof attempts === 'number'
}
