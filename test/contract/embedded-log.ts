import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds } from '@sluice/core'
import { openEmbedded, openKeys, verifyLog, type Disk, type EmbeddedOptions } from '@sluice/journal'
import { rewrite } from '../../engine/journal/src/scripted-forger.ts'
import { queueBytesMax, type LogUnderTest } from './event-store.contract.ts'
import { gate, type Gate } from './gate.ts'
import { reopening } from './reopening.ts'

export const ports: Pick<EmbeddedOptions, 'clock' | 'ids' | 'report'> = {
  clock: systemClock,
  ids: systemIds(systemClock),
  report: (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`),
}
export const segment: string = '0000000001.segment'

/** Holds every write to the log itself while it is told to. */
export function diskGate(): Pick<Gate, 'stall' | 'resume'> & { readonly through: (disk: Disk) => Disk } {
  const { stall, resume, passed } = gate()
  return {
    stall,
    resume,
    through: (disk) => ({
      list: () => disk.list(),
      read: (name, at, into) => disk.read(name, at, into),
      write: async (name, at, bytes) => {
        await passed()
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

/** The embedded log in a folder of its own, whole when it is closed. */
export async function embedded(): Promise<LogUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-contract-'))
  const [path, keys] = [join(root, 'log'), join(root, 'keys')]
  const { stall, resume, through } = diskGate()
  const log = await reopening(() =>
    openEmbedded({ ...ports, path, keys, queueBytesMax, segmentBytes: 262_144, disk: through }),
  )
  return {
    ...log,
    stall,
    resume,
    stored: async () =>
      Buffer.concat(await Promise.all((await readdir(path)).map((name) => readFile(join(path, name))))),
    renamed: async (type) => {
      const changed = await rewrite(
        await readFile(join(path, segment)),
        (event) => (event.type === 'ExchangeAbandoned' ? { ...event, type } : event),
        await openKeys(keys),
      )
      await writeFile(join(path, segment), changed.segment)
      await writeFile(join(path, 'head'), changed.head ?? '')
      return log.reopen()
    },
    close: async () => {
      await log.close()
      const { findings } = await verifyLog(path)
      await rm(root, { recursive: true })
      assert.deepEqual(findings, [], 'whatever was tried, the log is whole')
    },
  }
}
