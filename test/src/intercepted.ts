import type { EventStore } from '@sluice/core'

/** The same store, with an `append` of the test's own between the engine and it. */
export function intercepted(store: EventStore, append: EventStore['append']): EventStore {
  return {
    append,
    read: (from) => store.read(from),
    subscribe: (from, signal) => store.subscribe(from, signal),
    get healthy() {
      return store.healthy
    },
    get live() {
      return store.live
    },
    close: () => store.close(),
  }
}
