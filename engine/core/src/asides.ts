import { limits } from './limits.ts'
import { refusal } from './errors.ts'
import type { LaneContext } from './lane.ts'

/**
 * Records what a caller heard that no exchange of its asked for, each message before it is delivered: chunks of an exchange
 * that is the session itself, each of whole messages. What the log does not take ends the session.
 */
export class Asides {
  readonly #lane: Pick<LaneContext, 'session' | 'append' | 'end'>
  #count = 0
  #unacked = 0

  constructor(lane: Pick<LaneContext, 'session' | 'append' | 'end'>) {
    this.#lane = lane
  }

  /** A promise when too much is not yet durable: nothing further is to be delivered before. */
  add(record: Uint8Array): Promise<void> | undefined {
    const { session } = this.#lane
    const { length } = record
    this.#unacked += length
    const durable = this.#lane
      .append(
        [
          {
            type: 'RecordingChunk',
            data: { session, exchange: session, direction: 'response', index: this.#count++, bytes: length },
            sealed: record,
          },
        ],
        'soon',
      )
      .then(
        () => undefined,
        () => this.#lane.end(unrecorded),
      )
      .then(() => void (this.#unacked -= length))
    return this.#unacked > limits.captureUnackedBytesMax ? durable : undefined
  }
}

const unrecorded = refusal('log_unavailable', 'sluice/log', 'A message could not be recorded.')
