import { link, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '@sluice/core'

/** Somebody else writes this log. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
}

/** Who holds a lock, so that others can tell whether it still lives. */
interface Owner {
  readonly pid: number
  /** When that process started, in the kernel's ticks: another process may get the same pid. */
  readonly started: string
  /** Boot and namespace in which the pid means anything. */
  readonly machine: string
}

export interface Lock {
  release(): Promise<void>
}

/** An owner whose pid means nothing here counts as alive for so long after its last sign of life. */
const signOfLifeMs = 10_000
const beatMs = 2_000

/**
 * One writer per folder. Lock files are numbered, and a new owner makes the next number: making a file succeeds for
 * one process only, and the highest number rules, so two that take over a dead owner's lock at once cannot both
 * believe that they have it. The kernel knows whether an owner lives; across containers that share a folder its
 * file's time must do.
 *
 * @throws LockedError
 */
export async function acquireLock(folder: string, clock: Clock): Promise<Lock> {
  const self = await ownerOf(process.pid)
  if (self === null) throw new Error('this process does not find itself')
  for (;;) {
    const last = (await numbers(folder)).at(-1) ?? 0
    if (last > 0) await refuseIfAlive(folder, last, self)
    const mine = last + 1
    if (!(await make(folder, mine, self))) continue
    if ((await numbers(folder)).at(-1) !== mine) {
      await rm(path(folder, mine), { force: true })
      continue
    }
    for (const number of await numbers(folder))
      if (number < mine) await rm(path(folder, number), { force: true })
    return held(path(folder, mine), clock)
  }
}

function held(file: string, clock: Clock): Lock {
  let beat: Disposable | undefined
  const next = (): void => {
    beat = clock.after(beatMs, () => {
      const now = clock.now() / 1000
      // A lost beat only matters to other machines, and the next one follows.
      void utimes(file, now, now).catch(() => undefined)
      next()
    })
  }
  next()
  return {
    release: async () => {
      beat?.[Symbol.dispose]()
      // The number stays taken, so that who read it before cannot make the same one again.
      await writeFile(file, '')
    },
  }
}

async function refuseIfAlive(folder: string, number: number, self: Owner): Promise<void> {
  const file = path(folder, number)
  const text = await readFile(file, 'utf8').catch(() => '')
  if (text === '') return
  const owner = JSON.parse(text) as Owner
  if (owner.machine === self.machine) {
    const now = await ownerOf(owner.pid)
    if (now !== null && now.started === owner.started)
      throw new LockedError(
        `The log in ${folder} is being written by process ${owner.pid}. Stop it, or use another folder.`,
      )
  } else if ((await sinceTouched(folder, file)) < signOfLifeMs)
    throw new LockedError(
      `The log in ${folder} is being written by process ${owner.pid} of another machine or container. ` +
        `If it was stopped, try again in ${signOfLifeMs / 1000} seconds.`,
    )
}

/** By the clock of the file system that holds both files. */
async function sinceTouched(folder: string, file: string): Promise<number> {
  const probe = join(folder, `lock.${randomBytes(6).toString('hex')}.probe`)
  try {
    await writeFile(probe, '')
    const [now, then] = await Promise.all([stat(probe), stat(file)])
    return now.mtimeMs - then.mtimeMs
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Infinity
    throw error
  } finally {
    await rm(probe, { force: true })
  }
}

/** Whether it was this call that made the file. */
async function make(folder: string, number: number, owner: Owner): Promise<boolean> {
  const draft = join(folder, `lock.${randomBytes(6).toString('hex')}.draft`)
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 })
  try {
    await link(draft, path(folder, number))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft)
  }
}

async function numbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder)
  return names
    .flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b)
}

function path(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

/** `null` when there is no such process. */
async function ownerOf(pid: number): Promise<Owner | null> {
  if (!alive(pid)) return null
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program, in brackets, may hold anything; the start is the 20th field after it.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return { pid, started, machine: `${boot.trim()} ${namespace}` }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
