/**
 * Every queue, message and wait has a named maximum here, its unit last. Relations between them are asserted
 * below, so that a change that breaks one fails at start.
 */
export const limits = {
  /** Sessions of one gateway. */
  sessionsMax: 10_000,
  /** Exchanges of one lane that are judged or running and not yet answered. */
  laneExchangesMax: 1024,
  /** Exchanges judged and appended as one unit. */
  unitExchangesMax: 256,
  /** Bytes of a request message before anything of it is buffered further. */
  requestBytesMax: 16_777_216,
  /** Bytes of a request message before the caller is authenticated. */
  helloBytesMax: 10_240,
  /** A caller must have authenticated by then. */
  helloWaitMs: 30_000,
  /** SQL text above this is refused: the parser's time grows with it. */
  statementBytesMax: 262_144,
  /** SQL text above this is parsed in a worker thread, under a deadline. */
  statementInlineBytesMax: 8_192,
  statementParseMs: 2_000,
  /** The policy input document after projection. */
  policyInputBytesMax: 65_536,
  /** A leaf of the policy input above this becomes {type, bytes, sha256}. */
  policyLeafBytesMax: 4_096,
  policyEvaluateMs: 100,
  /** How long a request waits for its decision to be durable. */
  appendWaitMs: 5_000,
  /** Bytes waiting in the log's queue before an append is refused. */
  appendQueueBytesMax: 67_108_864,
  /** Sealed content kept inside one event. */
  sealedBytesMax: 65_536,
  /** Answer bytes sent to the caller whose capture is not yet durable. */
  captureUnackedBytesMax: 4_194_304,
  /** A refusal's text, reference included. */
  refusalMessageCharsMax: 300,
  /** A running exchange may finish within this after its token expired. */
  exchangeGraceMs: 60_000,
  /** SIGTERM: running exchanges may finish within this. */
  drainMs: 5_000,
  /** Gateway tokens never live longer. */
  tokenLifeMs: 900_000,
} as const

export type Limits = { readonly [K in keyof typeof limits]: number }

function invariant(holds: boolean, what: string): void {
  if (!holds) throw new Error(`limits.ts: ${what}`)
}
invariant(limits.statementInlineBytesMax < limits.statementBytesMax, 'inline statements are the smaller ones')
invariant(limits.statementBytesMax < limits.requestBytesMax, 'a statement fits in a request')
invariant(limits.policyLeafBytesMax < limits.policyInputBytesMax, 'a leaf fits in the policy input')
invariant(limits.captureUnackedBytesMax < limits.appendQueueBytesMax, 'one capture cannot fill the log queue')
