/** What one gateway's API takes. */
export interface ApiBounds {
  readonly bodyBytes: number
  /** A request must have arrived whole by then. */
  readonly requestWaitMs: number
  /** Requests of one subject, under any of its tokens. */
  readonly subjectPerMinute: number
  /** Requests of one network address that name nobody: without a token, or with one that is no good. */
  readonly addressPerMinute: number
  /** Streams that one subject, and all together, may follow. */
  readonly streamsOfSubject: number
  readonly streams: number
  /** Messages that wait for one follower; whoever is slower is let go. */
  readonly streamQueue: number
  /** Silence on a stream never lasts longer. */
  readonly heartbeatMs: number
  /** A person signs in again after this, whatever they do … */
  readonly browserSessionMs: number
  /** … and when their browser asked for nothing for so long after its token ended. */
  readonly browserIdleMs: number
  /** A token that ends within this is renewed. */
  readonly renewBeforeMs: number
}

export const defaultBounds: ApiBounds = {
  bodyBytes: 65_536,
  requestWaitMs: 30_000,
  subjectPerMinute: 1_200,
  addressPerMinute: 600,
  streamsOfSubject: 10,
  streams: 1_000,
  streamQueue: 256,
  heartbeatMs: 15_000,
  browserSessionMs: 43_200_000,
  browserIdleMs: 2_700_000,
  renewBeforeMs: 300_000,
}
