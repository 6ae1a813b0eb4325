import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { systemClock, systemIds, type RecordedEvent } from '@sluice/core'
import {
  dataKeyId,
  MemoryDisk,
  memoryKeys,
  openEmbedded,
  openMemory,
  verifyLog,
  type Log,
  type GatewayKeys,
  type Journal,
} from '@sluice/journal'
import type { ApprovalLog } from './approvals.contract.ts'

/** The logs on which the folds of the control stream must hold, each closed and killed as a process may be. */
const ports = {
  clock: systemClock,
  ids: systemIds(systemClock),
  report: (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`),
}

function parts(store: Log | Journal): Pick<ApprovalLog, 'store' | 'writer' | 'epoch' | 'unseal' | 'erase'> {
  return {
    store,
    writer: store.writer,
    epoch: store.epoch,
    unseal: async (event: RecordedEvent) => {
      const unsealed = await store.unseal(event)
      return unsealed.kind === 'content' ? unsealed.content : null
    },
    erase: async (event) => {
      if (event.sealed !== null) await store.erase(dataKeyId(event.sealed))
    },
  }
}

async function inMemory(files: MemoryDisk, keys: GatewayKeys): Promise<ApprovalLog> {
  const store = await openMemory({ ...ports, keys, disk: files })
  return {
    ...parts(store),
    reopen: async (how) => {
      const left = new MemoryDisk()
      if (how === 'closed') await store.close()
      for (const [name, content] of files.files) left.files.set(name, Buffer.from(content))
      if (how === 'killed') await store.close()
      return inMemory(left, keys)
    },
    close: () => store.close(),
  }
}

async function onDisk(root: string, life = 0): Promise<ApprovalLog> {
  const folder = (of: number): string => join(root, `${of}`)
  const store = await openEmbedded({
    ...ports,
    path: folder(life),
    keys: join(root, 'keys'),
    segmentBytes: 262_144,
  })
  return {
    ...parts(store),
    reopen: async (how) => {
      if (how === 'closed') await store.close()
      await cp(folder(life), folder(life + 1), {
        recursive: true,
        filter: (path) => !basename(path).startsWith('lock'),
      })
      if (how === 'killed') await store.close()
      return onDisk(root, life + 1)
    },
    close: async () => {
      await store.close()
      const { findings } = await verifyLog(folder(life))
      await rm(root, { recursive: true })
      assert.deepEqual(findings, [])
    },
  }
}

export const logs: Readonly<Record<string, () => Promise<ApprovalLog>>> = {
  'in memory': () => inMemory(new MemoryDisk(), memoryKeys()),
  embedded: async () => onDisk(await mkdtemp(join(tmpdir(), 'sluice-control-'))),
}
