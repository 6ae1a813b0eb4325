import { limits } from './limits.ts'
import { refusal } from './errors.ts'
import type { LaneContext } from './lane.ts'

/**
 * Records what a caller heard that no exchange of its asked for: chunks of an exchange that is the session itself, each of
 * whole messages. A message is handed to the log before it is delivered, but in a flood, where many share a chunk, since an
 * event costs the log far more than a short message. What the log does not take ends the session.
 */
export class Asides {
  readonly #lane: Pick<LaneContext, 'session' | 'append' | 'end'>
  #count = 0
  /** Chunks that are not yet durable. */
  #chunks = 0
  /** Of those and of what is held. */
  #unacked = 0
  #held: Uint8Array[] = []
  #heldBytes = 0
  #room: PromiseWithResolvers<void> | undefined

  constructor(lane: Pick<LaneContext, 'session' | 'append' | 'end'>) {
    this.#lane = lane
  }

  /** A promise when too much is not yet durable: nothing further is to be delivered before. */
  add(record: Uint8Array): Promise<void> | undefined {
    if (this.#heldBytes + record.length > limits.sealedBytesMax) this.flush()
    this.#held.push(Buffer.from(record))
    this.#heldBytes += record.length
    this.#unacked += record.length
    if (this.#chunks < limits.asideChunksMax) this.flush()
    if (this.#unacked <= limits.captureUnackedBytesMax) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** Appends what is held. */
  flush(): void {
    if (this.#held.length === 0) return
    const sealed = Buffer.concat(this.#held)
    const { session } = this.#lane
    const { length } = sealed
    this.#held = []
    this.#heldBytes = 0
    this.#chunks++
    void this.#lane
      .append(
        [
          {
            type: 'RecordingChunk',
            data: { session, exchange: session, direction: 'response', index: this.#count++, bytes: length },
            sealed,
          },
        ],
        'soon',
      )
      .catch(() => this.#lane.end(unrecorded))
      .then(() => this.#settled(length))
  }

  #settled(bytes: number): void {
    this.#chunks--
    this.#unacked -= bytes
    this.flush()
    if (this.#unacked > limits.captureUnackedBytesMax) return
    this.#room?.resolve()
    this.#room = undefined
  }
}

const unrecorded = refusal('log_unavailable', 'sluice/log', 'A message could not be recorded.')
