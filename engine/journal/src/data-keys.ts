import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import type { KeyShelf } from './key-shelf.ts'
import type { Keys } from './keys.ts'

/** One stream's key. Its id stands before everything sealed with it. */
export interface DataKey {
  readonly id: number
  readonly key: KeyObject
}

/** Laid ready at once, and again as soon as half of them are taken. */
const laidReady = 256
const refillBelow = laidReady / 2

/** For the operator: what went wrong beside a caller's request. Never content. */
export type Report = (what: string, error: unknown) => void

/** Data keys written ahead of need: a key is durable before its first use without a write of its own. */
export class DataKeys {
  readonly #shelf: Pick<KeyShelf, 'put'>
  readonly #keys: Keys
  readonly #report: Report
  #ready: DataKey[] = []
  #refilling: Promise<void> | undefined

  private constructor(shelf: Pick<KeyShelf, 'put'>, keys: Keys, report: Report) {
    this.#shelf = shelf
    this.#keys = keys
    this.#report = report
  }

  static async open(shelf: Pick<KeyShelf, 'put'>, keys: Keys, report: Report): Promise<DataKeys> {
    const dataKeys = new DataKeys(shelf, keys, report)
    await dataKeys.#refill()
    return dataKeys
  }

  /** A key that nobody had before; `undefined` while no new ones can be written. */
  take(): DataKey | undefined {
    const key = this.#ready.pop()
    if (this.#ready.length < refillBelow)
      this.#refilling ??= this.#refill()
        .catch((error: unknown) => this.#report('new data keys could not be written', error))
        .finally(() => (this.#refilling = undefined))
    return key
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.#refilling
  }

  async #refill(): Promise<void> {
    const plain = Array.from({ length: laidReady }, () => randomBytes(32))
    const ids = await this.#shelf.put(await this.#keys.wrap(plain))
    const fresh = plain.flatMap((key, index) => {
      const id = ids[index]
      return id === undefined ? [] : [{ id, key: createSecretKey(key) }]
    })
    this.#ready = [...fresh.toReversed(), ...this.#ready]
  }
}

/** The key of that id; `null` when it was erased. Rejects when it is missing or damaged. */
export async function readDataKey(
  shelf: Pick<KeyShelf, 'get'>,
  keys: Keys,
  id: number,
): Promise<KeyObject | null> {
  const wrapped = await shelf.get(id)
  return wrapped === null ? null : createSecretKey(Buffer.from(await keys.unwrap(wrapped)))
}
