import type { Log } from '@sluice/journal'
import type { LogUnderTest } from './event-store.contract.ts'

/** A log that is opened again and again, as the next incarnation of its gateway. */
export async function reopening(
  open: () => Promise<Log>,
): Promise<Pick<LogUnderTest, 'store' | 'reopen' | 'unseal' | 'close'>> {
  let store = await open()
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await open()
      return store
    },
    unseal: async (event) => {
      const unsealed = await store.unseal(event)
      return unsealed.kind === 'content' ? unsealed.content : null
    },
    close: () => store.close(),
  }
}
