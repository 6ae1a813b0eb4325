import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Clock } from '@sluice/core'
import { delivered, failed, type Sink } from '../sink.ts'

export interface FileOptions {
  readonly path: string
  /** A file that is longer, or older, is put aside under its time. */
  readonly rotateBytes: number
  readonly rotateMs: number | null
  /** Whether what was put aside is compressed. */
  readonly gzip: boolean
  readonly clock: Pick<Clock, 'now'>
  readonly report: (what: string, error: unknown) => void
}

interface Opened {
  readonly handle: FileHandle
  readonly inode: number
  readonly sinceMs: number
  bytes: number
}

/** A file with one document each line, on disk when it counts as delivered. Somebody else may move it away. */
export function file(options: FileOptions): Sink {
  const { path, rotateBytes, rotateMs, gzip, clock, report } = options
  let opened: Opened | undefined
  let compressing: Promise<void> | undefined
  const compress = (): void => {
    if (!gzip) return
    const before = compressing
    compressing = (async () => {
      await before
      await compressAside(path).catch((error: unknown) => report('a file could not be compressed', error))
    })()
  }
  const isDue = ({ bytes, sinceMs }: Opened): boolean =>
    bytes >= rotateBytes || (rotateMs !== null && bytes > 0 && clock.now() - sinceMs >= rotateMs)
  const current = async (): Promise<Opened> => {
    if (opened !== undefined && (await isMoved(path, opened.inode))) opened = await closed(opened)
    if (opened === undefined) {
      opened = await openFile(path, clock)
      compress()
    }
    if (!isDue(opened)) return opened
    opened = await closed(opened)
    await putAside(path, clock.now())
    compress()
    opened = await openFile(path, clock)
    return opened
  }
  return {
    async deliver(batch) {
      try {
        const to = await current()
        const bytes = Buffer.from(batch.map(({ text }) => `${text}\n`).join(''), 'utf8')
        await append(to, bytes)
        return delivered
      } catch (error) {
        return failed(`it could not be written: ${codeOf(error)}`)
      }
    },
    async close() {
      await compressing
      if (opened !== undefined) opened = await closed(opened)
    },
  }
}

/** All of it, on disk; what a failure left of it is taken back, so that no line is cut. */
async function append(to: Opened, bytes: Buffer): Promise<void> {
  try {
    await to.handle.appendFile(bytes)
    await to.handle.datasync()
    to.bytes += bytes.length
  } catch (error) {
    await to.handle.truncate(to.bytes).catch(() => {})
    throw error
  }
}

/** A crash may have left half a line, which was not delivered. */
async function openFile(path: string, clock: Pick<Clock, 'now'>): Promise<Opened> {
  const handle = await open(path, 'a+', 0o600)
  const { size, ino, birthtimeMs } = await handle.stat()
  const whole = await wholeLines(handle, size)
  if (whole < size) await handle.truncate(whole)
  if (size === 0) await syncFolder(dirname(path))
  const sinceMs = size === 0 ? clock.now() : birthtimeMs
  return { handle, inode: ino, sinceMs, bytes: whole }
}

/** So that a new name outlives a crash. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

const stepBytes = 65_536

async function wholeLines(handle: FileHandle, size: number): Promise<number> {
  const step = Buffer.alloc(stepBytes)
  for (let end = size; end > 0;) {
    const from = Math.max(0, end - stepBytes)
    const { bytesRead } = await handle.read(step, 0, end - from, from)
    const last = step.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (last >= 0) return from + last + 1
    end = from
  }
  return 0
}

async function closed({ handle }: Opened): Promise<undefined> {
  await handle.close()
  return undefined
}

async function isMoved(path: string, inode: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.ino !== inode
}

async function putAside(path: string, now: number): Promise<void> {
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '')
  for (let number = 0; ; number++) {
    const aside = `${path}.${time}${number === 0 ? '' : `-${number}`}`
    if (!(await exists(aside)) && !(await exists(`${aside}.gz`))) return rename(path, aside)
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Also what a crash left of it. */
async function compressAside(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)]
  const asides = (await readdir(folder)).filter(
    (each) => each.startsWith(`${name}.`) && /^\d{8}T\d{9}Z(-\d+)?$/.test(each.slice(name.length + 1)),
  )
  for (const aside of asides.toSorted()) {
    const from = join(folder, aside)
    await pipeline(
      createReadStream(from),
      createGzip(),
      createWriteStream(`${from}.gz.new`, { mode: 0o600, flush: true }),
    )
    await rename(`${from}.gz.new`, `${from}.gz`)
    await rm(from)
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
