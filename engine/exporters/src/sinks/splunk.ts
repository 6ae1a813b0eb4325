import { pause, type Clock, type Ids } from '@sluice/core'
import type { Parcel } from '../parcel.ts'
import { delivered, failed, type Delivery, type Failed, type Sink } from '../sink.ts'
import { failedBy, Poster, PostError, type Answer, type Receiver } from './post.ts'
import { acknowledgedBy, noAck, takenBy, type Taken } from './splunk-answer.ts'

export interface SplunkOptions extends Receiver {
  /** Of the HTTP Event Collector, read anew for each request. */
  readonly token: () => Promise<string>
  readonly index: string | null
  readonly source: string
  readonly sourcetype: string
  /** Who writes: the gateway. */
  readonly host: string
  /** Whether the token has indexer acknowledgement: only then is what it took also stored. */
  readonly ack: boolean
  readonly clock: Pick<Clock, 'now' | 'after' | 'monotonic'>
  readonly ids: Pick<Ids, 'random32'>
}

/** Of one request. */
const requestEventsMax = 500
const requestBytesMax = 800_000
/** Indexers take seconds to acknowledge, so that several requests are acknowledged at once. */
const capacity = { documents: 5_000, bytes: 8_388_608 }
/** What the indexers have not acknowledged by then is sent again. */
const ackWaitMs = 120_000
const pollMs = 250
const pollMsMax = 5_000

/**
 * Splunk's HTTP Event Collector. A document is delivered when the indexers have stored it and say so, not when the
 * collector took it. What is sent again may be there twice: both have the same `sluice_id`.
 */
export function splunk(options: SplunkOptions): Sink {
  const poster = new Poster(options, options.clock)
  const channel = guid(options.ids)
  const post = async (path: string, body: string, signal: AbortSignal): Promise<Answer> => {
    const headers = {
      authorization: `Splunk ${await options.token()}`,
      'content-type': 'application/json',
      'x-splunk-request-channel': channel,
    }
    return poster.post({ path, headers, body }, signal)
  }
  return {
    capacity,
    deliver: (batch, signal) => new Round(batch, options, post, signal).run(),
    close: async () => poster.close(),
  }
}

type Post = (path: string, body: string, signal: AbortSignal) => Promise<Answer>
type Places = readonly number[]

/** One attempt: requests until one fails, then the acknowledgements of those that were taken. */
class Round {
  readonly #batch: readonly Parcel[]
  readonly #options: SplunkOptions
  readonly #post: Post
  readonly #signal: AbortSignal
  readonly #pending = new Map<number, Places>()
  readonly #refused: { readonly at: number; readonly reason: string }[] = []
  readonly #left: number[] = []
  #failure: Failed | undefined

  constructor(batch: readonly Parcel[], options: SplunkOptions, post: Post, signal: AbortSignal) {
    this.#batch = batch
    this.#options = options
    this.#post = post
    this.#signal = signal
  }

  async run(): Promise<Delivery> {
    for (const places of requestsOf(this.#batch)) await this.#send(places)
    await this.#acknowledge()
    if (this.#left.length === 0 && this.#refused.length === 0) return delivered
    const { reason, afterMs } = this.#failure ?? { reason: '', afterMs: 0 }
    if (this.#left.length === this.#batch.length) return failed(reason, afterMs)
    return { kind: 'sorted', refused: this.#refused, left: this.#left, reason, afterMs }
  }

  async #send(places: Places): Promise<void> {
    if (places.length === 0) return
    const taken = this.#failure ?? (await this.#attempt(places))
    if (taken.kind === 'failed') this.#fail(places, taken)
    else if (taken.kind === 'refused') await this.#sendOthers(places, taken)
    else if (!this.#options.ack) return
    else if (taken.ackId === null) this.#fail(places, failed(noAck))
    else this.#pending.set(taken.ackId, places)
  }

  /** Without the one that it blames; where it blames none, in halves until one is alone. */
  async #sendOthers(places: Places, { reason, at }: Taken & { readonly kind: 'refused' }): Promise<void> {
    const blamed = places.length === 1 ? places[0] : at === null ? undefined : places[at]
    if (blamed === undefined) {
      const half = Math.ceil(places.length / 2)
      await this.#send(places.slice(0, half))
      await this.#send(places.slice(half))
      return
    }
    this.#refused.push({ at: blamed, reason })
    await this.#send(places.filter((place) => place !== blamed))
  }

  async #attempt(places: Places): Promise<Taken> {
    const body = places.flatMap((at) => this.#batch[at] ?? []).map((parcel) => eventOf(parcel, this.#options))
    try {
      return takenBy(await this.#post('/services/collector/event', body.join('\n'), this.#signal))
    } catch (error) {
      if (error instanceof PostError) return { kind: 'failed', reason: error.message, afterMs: 0 }
      throw error
    }
  }

  #fail(places: Places, failure: Failed): void {
    this.#failure ??= failure
    this.#left.push(...places)
  }

  async #acknowledge(): Promise<void> {
    const { clock } = this.#options
    const until = clock.monotonic() + ackWaitMs
    let failure = failed(`it did not acknowledge within ${ackWaitMs / 1_000} s`)
    for (let waitMs = pollMs; this.#pending.size > 0; waitMs = Math.min(waitMs * 2, pollMsMax)) {
      await pause(waitMs, clock, this.#signal)
      const asked = await this.#ask()
      if (asked !== undefined) failure = asked
      if (asked !== undefined || clock.monotonic() >= until) break
    }
    for (const places of this.#pending.values()) if (failure.kind === 'failed') this.#fail(places, failure)
  }

  /** `undefined`: it answered. */
  async #ask(): Promise<Failed | undefined> {
    const acks = [...this.#pending.keys()]
    try {
      const answer = await this.#post('/services/collector/ack', JSON.stringify({ acks }), this.#signal)
      if (answer.status !== 200) return failedBy(answer)
      for (const id of acknowledgedBy(answer, acks)) this.#pending.delete(id)
      return undefined
    } catch (error) {
      if (error instanceof PostError) return failed(error.message)
      throw error
    }
  }
}

function requestsOf(batch: readonly Parcel[]): readonly Places[] {
  const requests: number[][] = [[]]
  let bytes = 0
  for (const [at, parcel] of batch.entries()) {
    const current = requests.at(-1) ?? []
    if (
      current.length > 0 &&
      (current.length >= requestEventsMax || bytes + parcel.bytes > requestBytesMax)
    ) {
      requests.push([at])
      bytes = parcel.bytes
    } else {
      current.push(at)
      bytes += parcel.bytes
    }
  }
  return requests
}

function eventOf({ id, timeMs, text, kind, type, stream }: Parcel, options: SplunkOptions): string {
  const { host, source, sourcetype, index } = options
  const head = JSON.stringify({
    time: timeMs / 1_000,
    host,
    source,
    sourcetype,
    ...(index === null ? {} : { index }),
    fields: { sluice_id: id, sluice_type: type, sluice_stream: stream },
  })
  return `${head.slice(0, -1)},"event":${kind === 'document' ? text : JSON.stringify(text)}}`
}

/** Any one: acknowledgements are numbered by channel. */
function guid(ids: Pick<Ids, 'random32'>): string {
  const hex = Array.from({ length: 4 }, () => (ids.random32() >>> 0).toString(16).padStart(8, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
