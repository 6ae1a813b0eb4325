import type { DatabaseSync } from 'node:sqlite'
import { exchangeColumns, type ExchangeKey } from './exchanges.ts'
import type { FoundExchange } from './exchange-search.ts'

export type ExchangeListener = (changed: readonly FoundExchange[], skipped: number) => void

/** Told at once; of what is more, only how many. */
const toldMax = 500
/** What is older than this when it is folded is no news: the read models are catching up. */
const freshMs = 60_000

/** Exchanges as the log goes on, for who looks on. Nothing is read while nobody does. */
export class ExchangeFeed {
  readonly #listeners = new Set<ExchangeListener>()
  readonly #changed = new Map<string, ExchangeKey>()
  #skipped = 0

  readonly note = (key: ExchangeKey): void => {
    if (this.#listeners.size === 0) return
    if (this.#changed.size < toldMax || this.#changed.has(key.exchange)) this.#changed.set(key.exchange, key)
    else this.#skipped += 1
  }

  /** The listener is called in the turn of the fold: it must be quick. */
  onChange(listener: ExchangeListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** To be called once what was noted can be read. */
  telling(db: DatabaseSync, now: () => number): () => void {
    const one = db.prepare(
      `select ${exchangeColumns}, subject, on_behalf_of, target
       from exchanges join sessions on sessions.id = session left join lost using (writer)
       where session = ? and exchange = ? and at_ms > ?`,
    )
    return () => {
      if (this.#changed.size === 0 && this.#skipped === 0) return
      const since = now() - freshMs
      const changed = Array.from(this.#changed.values(), (key) => one.get(key.session, key.exchange, since))
      const told = changed.filter((row) => row !== undefined) as unknown as readonly FoundExchange[]
      const skipped = told.length > 0 ? this.#skipped : 0
      this.#changed.clear()
      this.#skipped = 0
      if (told.length > 0) for (const listener of this.#listeners) listener(told, skipped)
    }
  }
}
