import { constants } from 'node:fs'
import { link, mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { DurableThread } from './durable-thread.ts'

const zerosBytes = 1_048_576
/** Files that are written in place: the segment, the one before while it is left, the head. */
const handlesKept = 4
const draftSuffix = '.unfinished'

/** The folder of a log on a local disk. Its writer is the only one; readers of other processes may be beside it. */
export class LocalDisk implements Disk {
  readonly #folder: string
  readonly #thread = new DurableThread()
  readonly #handles = new Map<string, FileHandle>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<LocalDisk> {
    for (const name of await readdir(folder)) if (name.endsWith(draftSuffix)) await rm(join(folder, name))
    return new LocalDisk(folder)
  }

  list(): Promise<readonly string[]> {
    return readdir(this.#folder)
  }

  read(name: string, at: number, into: Uint8Array): Promise<number> {
    return readAt(join(this.#folder, name), at, into)
  }

  write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const turn = this.#last.then(() => this.#write(name, at, bytes))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async allocate(name: string, bytes: number, room: 'taken' | 'promised'): Promise<void> {
    const path = join(this.#folder, name)
    try {
      await using handle = await open(path, 'w', 0o600)
      if (room === 'promised') await handle.truncate(bytes)
      else await fill(handle, bytes)
      await handle.sync()
      await this.#syncNames()
    } catch (error) {
      // Room that was taken in part is given back, since a full disk is the likely cause.
      await rm(path, { force: true })
      throw error
    }
  }

  async create(name: string, content: Uint8Array): Promise<void> {
    const path = join(this.#folder, name)
    const draft = path + draftSuffix
    try {
      await using handle = await open(draft, 'wx', 0o600)
      await handle.writeFile(content)
      await handle.sync()
      await link(draft, path)
    } finally {
      await rm(draft, { force: true })
    }
    await this.#syncNames()
  }

  async remove(name: string): Promise<void> {
    const handle = this.#handles.get(name)
    this.#handles.delete(name)
    await handle?.close()
    await rm(join(this.#folder, name), { force: true })
    await this.#syncNames()
  }

  buffer(bytes: number): Buffer {
    return Buffer.from(new SharedArrayBuffer(bytes))
  }

  async close(): Promise<void> {
    await this.#last
    await this.#thread.close()
    for (const handle of this.#handles.values()) await handle.close()
    this.#handles.clear()
  }

  async #write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const handle = await this.#handle(name)
    try {
      await this.#thread.write(handle.fd, at, shared(bytes))
    } catch (error) {
      // The next attempt begins with a new descriptor: what the old one still reports is not about its bytes.
      this.#handles.delete(name)
      await handle.close().catch(() => undefined)
      throw error
    }
  }

  async #handle(name: string): Promise<FileHandle> {
    const known = this.#handles.get(name)
    if (known !== undefined) return known
    const handle = await open(join(this.#folder, name), constants.O_WRONLY)
    this.#handles.set(name, handle)
    const [oldest] = this.#handles
    if (oldest !== undefined && this.#handles.size > handlesKept) {
      this.#handles.delete(oldest[0])
      await oldest[1].close()
    }
    return handle
  }

  async #syncNames(): Promise<void> {
    await using folder = await open(this.#folder)
    await folder.sync()
  }
}

/** A folder of a log that somebody else may be writing. */
export class ReadableFolder implements Pick<Disk, 'list' | 'read'> {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async list(): Promise<readonly string[]> {
    return readdir(this.#folder).catch(noFile<readonly string[]>([]))
  }

  read(name: string, at: number, into: Uint8Array): Promise<number> {
    return readAt(join(this.#folder, name), at, into)
  }
}

/** Makes the folder of a log, for its owner only. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

async function fill(handle: FileHandle, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(bytes, zerosBytes))
  for (let at = 0; at < bytes; at += zeros.length)
    await handle.write(zeros, 0, Math.min(zeros.length, bytes - at), at)
}

function readAt(path: string, at: number, into: Uint8Array): Promise<number> {
  return readFully(path, at, into).catch(noFile(0))
}

async function readFully(path: string, at: number, into: Uint8Array): Promise<number> {
  await using handle = await open(path)
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** Handles an error: where there is nothing there is this much. */
function noFile<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return nothing
    throw error
  }
}

/** Only small and rare writes are copied; the log's own lie in shared memory from the start. */
function shared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes as Uint8Array<SharedArrayBuffer>
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
