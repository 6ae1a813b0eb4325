import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds, type RecordedEvent } from '@sluice/core'
import {
  openEmbedded,
  openKeys,
  verifyLog,
  type Disk,
  type EmbeddedOptions,
  type openMemory,
} from '@sluice/journal'
import { rewrite } from '../../engine/journal/src/scripted-forger.ts'
import { queueBytesMax, type LogUnderTest } from './event-store.contract.ts'

export const ports: Pick<EmbeddedOptions, 'clock' | 'ids' | 'report'> = {
  clock: systemClock,
  ids: systemIds(systemClock),
  report: (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`),
}
export const segment: string = '0000000001.segment'

export interface DiskGate {
  readonly stall: () => void
  readonly resume: () => void
  readonly through: (disk: Disk) => Disk
}

/** Holds every write to the log itself while it is told to. */
export function gate(): DiskGate {
  let open = Promise.resolve()
  let release: (() => void) | undefined
  return {
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      open = promise
      release = resolve
    },
    resume: () => release?.(),
    through: (disk: Disk): Disk => ({
      list: () => disk.list(),
      read: (name, at, into) => disk.read(name, at, into),
      write: async (name, at, bytes) => {
        await open
        await disk.write(name, at, bytes)
      },
      allocate: (name, bytes, room) => disk.allocate(name, bytes, room),
      create: (name, content) => disk.create(name, content),
      remove: (name) => disk.remove(name),
      buffer: (bytes) => disk.buffer(bytes),
      close: () => disk.close(),
    }),
  }
}

export interface Opened extends Pick<LogUnderTest, 'store'> {
  readonly store: Awaited<ReturnType<typeof openEmbedded>> | Awaited<ReturnType<typeof openMemory>>
}

export async function content({ store }: Opened, event: RecordedEvent): Promise<Uint8Array | null> {
  const unsealed = await store.unseal(event)
  return unsealed.kind === 'content' ? unsealed.content : null
}

/** The embedded log in a folder of its own, whole when it is closed. */
export async function embedded(): Promise<LogUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-contract-'))
  const [path, keys] = [join(root, 'log'), join(root, 'keys')]
  const { stall, resume, through } = gate()
  const open = async (): Promise<Opened['store']> =>
    openEmbedded({ ...ports, path, keys, queueBytesMax, segmentBytes: 262_144, disk: through })
  let opened: Opened = { store: await open() }
  const reopen = async () => {
    await opened.store.close()
    opened = { store: await open() }
    return opened.store
  }
  return {
    store: opened.store,
    reopen,
    stall,
    resume,
    stored: async () =>
      Buffer.concat(await Promise.all((await readdir(path)).map((name) => readFile(join(path, name))))),
    unseal: (event) => content(opened, event),
    renamed: async (type) => {
      const changed = await rewrite(
        await readFile(join(path, segment)),
        (event) => (event.type === 'ExchangeAbandoned' ? { ...event, type } : event),
        await openKeys(keys),
      )
      await writeFile(join(path, segment), changed.segment)
      await writeFile(join(path, 'head'), changed.head ?? '')
      return reopen()
    },
    close: async () => {
      await opened.store.close()
      const { findings } = await verifyLog(path)
      await rm(root, { recursive: true })
      assert.deepEqual(findings, [], 'whatever was tried, the log is whole')
    },
  }
}
