import { controlStream, StoreError, type NewEvent } from '@sluice/core'
import type { Batch } from './batch.ts'
import { hashAt, hashBytes, signatureAt, writeHash, zeroHash } from './chain.ts'
import { encodeData, encodeEnvelope } from './codec.ts'
import type { DataKey } from './data-keys.ts'
import type { UnsealedEnvelope } from './envelope-writer.ts'
import type { Signer } from './keys.ts'
import { PutElsewhere, seal, type SealedOf } from './sealing.ts'
import { closedStreamsMax, freshStream, Streams, type StreamState } from './streams.ts'

export interface IncarnationOf {
  readonly writer: string
  readonly epoch: number
}

/** Statements of how far the log went. A stream of its own, which readers of the log are not given. */
export const checkpointStream = 'checkpoints'

/** What concerns more than one session is signed by its gateway. */
function isSigned(stream: string): boolean {
  return stream === controlStream || stream === checkpointStream
}

/** An event whose content may already have been put elsewhere. */
export type RecordableEvent = Omit<NewEvent, 'sealed'> & { readonly sealed?: Uint8Array | PutElsewhere }

export interface RecordableUnit {
  readonly stream: string
  readonly events: readonly [RecordableEvent, ...RecordableEvent[]]
}

/**
 * One life of one gateway: it numbers the events of each stream, chains them by their hashes, seals their content
 * and signs those of the control stream. Nothing of a unit that does not fit, or that cannot be written down as
 * it is, leaves a trace.
 */
export class Incarnation {
  readonly writer: string
  readonly epoch: number
  readonly #signer: Signer
  readonly #takeKey: () => DataKey | undefined
  readonly #streams = new Streams<StreamState>(closedStreamsMax, freshStream)
  readonly #emptySignature = Buffer.alloc(64)

  constructor({ writer, epoch }: IncarnationOf, signer: Signer, takeKey: () => DataKey | undefined) {
    this.writer = writer
    this.epoch = epoch
    this.#signer = signer
    this.#takeKey = takeKey
  }

  /** Encodes a unit at the end of a batch. `false`: no room, and the batch is as it was. Throws likewise. */
  record(unit: RecordableUnit, batch: Batch): boolean {
    // Content is not sealed in vain where there is no room for it.
    if (contentBytes(unit) > batch.room) return false
    const { length, events } = batch
    const stream = this.#streams.get(unit.stream)
    let written = false
    try {
      written = this.#encode(unit, stream, batch)
    } finally {
      if (!written) batch.cutBack(length, events)
    }
    return written
  }

  /** Makes a recorded unit count. Until then the next one would take its place. */
  keep(unit: RecordableUnit, batch: Batch): void {
    const stream = this.#streams.get(unit.stream)
    batch.close(unit.stream, stream.next, unit.events)
    stream.next += unit.events.length
    stream.hash.set(batch.lastHash)
    if (unit.events.some(({ type }) => type === 'SessionClosed')) this.#streams.close(unit.stream)
  }

  #encode({ stream: name, events }: RecordableUnit, stream: StreamState, batch: Batch): boolean {
    let previous: Uint8Array = stream.hash
    let seq = stream.next
    for (const event of events) {
      const envelope = this.#envelope(name, stream, seq++, event, previous)
      const signed = envelope.sig !== null
      const bytes = batch.add((into, at) => encodeEnvelope(envelope, into, at), signed)
      if (bytes === null) return false
      const from = hashAt(bytes.length, signed)
      writeHash(bytes.subarray(0, from), bytes, from)
      previous = bytes.subarray(from, from + hashBytes)
      if (signed) bytes.set(this.#signer.sign(previous), signatureAt(bytes.length))
      batch.count(previous)
    }
    return true
  }

  /** With an empty hash and signature: they are written over, once the bytes before them are there. */
  #envelope(
    name: string,
    stream: StreamState,
    seq: number,
    event: RecordableEvent,
    previous: Uint8Array,
  ): UnsealedEnvelope {
    const { id, time, type, trace_id = null, run_id = null } = event
    const { schema, bytes } = encodeData(event)
    const { writer, epoch } = this
    const of = { id, stream: name, seq, writer, epoch }
    return {
      ...of,
      time,
      trace_id,
      run_id,
      type,
      schema,
      data: bytes,
      sealed: this.#sealed(name, stream, of, event),
      prev_hash: previous,
      hash: zeroHash,
      sig: isSigned(name) ? this.#emptySignature : null,
    }
  }

  #sealed(name: string, stream: StreamState, of: SealedOf, { sealed }: RecordableEvent) {
    if (sealed === undefined) return null
    return sealed instanceof PutElsewhere ? sealed.seal(of) : seal(this.#keyFor(name, stream), of, sealed)
  }

  /**
   * What is sealed in the control stream is of many sessions, and never closed: each event has a key of its own, so
   * that one can be erased without the others.
   */
  #keyFor(name: string, stream: StreamState): DataKey {
    const key = name === controlStream ? this.#takeKey() : (stream.key ??= this.#takeKey())
    if (key === undefined)
      throw new StoreError('unavailable', 'No data key could be written for the content of this stream.')
    return key
  }
}

/** Of all contents that are sealed in the events of a unit. */
function contentBytes({ events }: RecordableUnit): number {
  let bytes = 0
  for (const { sealed } of events)
    if (sealed !== undefined && !(sealed instanceof PutElsewhere)) bytes += sealed.length
  return bytes
}
