import { MemoryDisk, memoryKeys, openMemory } from '@sluice/journal'
import { rewrite } from '../../engine/journal/src/scripted-forger.ts'
import { contentContract } from './content.contract.ts'
import { diskGate, embedded, ports, segment } from './embedded-log.ts'
import { eventStoreContract, queueBytesMax, type LogUnderTest } from './event-store.contract.ts'
import { followerContract } from './follower.contract.ts'
import { oneStreamContract } from './one-stream.contract.ts'
import { reopening } from './reopening.ts'

async function inMemory(): Promise<LogUnderTest> {
  const files = new MemoryDisk()
  const keys = memoryKeys()
  const { stall, resume, through } = diskGate()
  const log = await reopening(() => openMemory({ ...ports, queueBytesMax, keys, disk: through(files) }))
  return {
    ...log,
    stall,
    resume,
    stored: async () => Buffer.concat([...files.files.values()]),
    renamed: async (type) => {
      const changed = await rewrite(
        files.files.get(segment) ?? Buffer.alloc(0),
        (event) => (event.type === 'ExchangeAbandoned' ? { ...event, type } : event),
        keys,
      )
      files.files.set(segment, changed.segment)
      files.files.set('head', changed.head ?? Buffer.alloc(0))
      return log.reopen()
    },
  }
}

for (const contract of [eventStoreContract, oneStreamContract, followerContract, contentContract]) {
  contract('in memory', inMemory)
  contract('embedded', embedded)
}
