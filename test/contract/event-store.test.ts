import { MemoryDisk, memoryKeys, openMemory } from '@sluice/journal'
import { rewrite } from '../../engine/journal/src/scripted-forger.ts'
import { contentContract } from './content.contract.ts'
import { content, embedded, gate, ports, segment, type Opened } from './embedded-log.ts'
import { eventStoreContract, queueBytesMax, type LogUnderTest } from './event-store.contract.ts'
import { followerContract } from './follower.contract.ts'
import { oneStreamContract } from './one-stream.contract.ts'

async function inMemory(): Promise<LogUnderTest> {
  const files = new MemoryDisk()
  const keys = memoryKeys()
  const { stall, resume, through } = gate()
  const open = async (): Promise<Opened['store']> =>
    openMemory({ ...ports, queueBytesMax, keys, disk: through(files) })
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
    stored: async () => Buffer.concat([...files.files.values()]),
    unseal: (event) => content(opened, event),
    renamed: async (type) => {
      const changed = await rewrite(
        files.files.get(segment) ?? Buffer.alloc(0),
        (event) => (event.type === 'ExchangeAbandoned' ? { ...event, type } : event),
        keys,
      )
      files.files.set(segment, changed.segment)
      files.files.set('head', changed.head ?? Buffer.alloc(0))
      return reopen()
    },
    close: () => opened.store.close(),
  }
}

for (const contract of [eventStoreContract, oneStreamContract, followerContract, contentContract]) {
  contract('in memory', inMemory)
  contract('embedded', embedded)
}
