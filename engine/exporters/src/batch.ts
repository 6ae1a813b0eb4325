import { limits, type Position } from '@sluice/core'
import type { Parcel } from './parcel.ts'
import type { Capacity } from './sink.ts'

const usual: Capacity = { documents: limits.exportBatchDocumentsMax, bytes: limits.exportBatchBytesMax }

/** What is delivered at once, and how far the log was read for it. */
export class Batch {
  readonly parcels: Parcel[] = []
  events = 0
  readonly #capacity: Capacity
  #bytes = 0
  #firstMs: number | null = null
  #last: { readonly position: Position; readonly timeMs: number } | undefined

  constructor(capacity: Capacity = usual) {
    this.#capacity = capacity
  }

  /** The last event that was read; `undefined`: none. */
  get last(): { readonly position: Position; readonly timeMs: number } | undefined {
    return this.#last
  }

  /** When the first event of it was written. */
  get firstMs(): number | null {
    return this.#firstMs
  }

  get isFull(): boolean {
    const { documents, bytes } = this.#capacity
    return (
      this.parcels.length >= documents || this.#bytes >= bytes || this.events >= limits.exportBatchEventsMax
    )
  }

  /** An event that was read, and what it gives. */
  add(
    { position, time }: { readonly position: Position; readonly time: number },
    parcel: Parcel | null,
  ): void {
    this.events += 1
    this.#firstMs ??= time
    this.#last = { position, timeMs: time }
    if (parcel === null) return
    this.parcels.push(parcel)
    this.#bytes += parcel.bytes
  }
}
