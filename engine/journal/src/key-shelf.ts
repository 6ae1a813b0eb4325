/**
 * Where wrapped data keys lie, apart from the events that they seal: one key can be taken away so that what it sealed
 * is gone for good, while no event ever changes.
 */
export interface KeyShelf {
  /** Their ids, in that order, once they are durable. */
  put(wrapped: readonly Uint8Array[]): Promise<readonly number[]>
  /** `null` when it was erased. Rejects when it is missing or damaged. */
  get(id: number): Promise<Uint8Array | null>
  /** Makes everything sealed with that key unreadable, here and for whoever holds the key-encryption key. */
  erase(id: number): Promise<void>
}
