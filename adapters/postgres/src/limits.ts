import { invariant, limits } from '@sluice/core'

/** What SQL texts and their analysis may take, unit last. */
export const sqlLimits = {
  /** Prepared statements, and portals, that one connection may name. */
  sessionNamesMax: 10_000,
  /** How long a read of a target's relations serves before it is read again. */
  catalogueLifeMs: 30_000,
  /** An unknown relation makes it be read again at once, but not more often than this. */
  catalogueRetryMs: 1_000,
  /** SQL text above this is refused: the parser's time grows with it. */
  statementBytesMax: 262_144,
  /** SQL text above this is parsed in a worker thread, under a deadline. */
  statementInlineBytesMax: 8_192,
  statementParseMs: 2_000,
  /** How often it is parsed there, when the target's tables change meanwhile. */
  statementReadsMax: 4,
  /** How long that thread may take to start. */
  parserStartMs: 30_000,
  /** SQL texts waiting for the parser's worker thread. */
  statementsWaitingMax: 64,
  /** Statements in one message. */
  statementsPerMessageMax: 256,
  /** Levels of the parse tree: far above written SQL, far below what exhausts a stack. */
  statementDepthMax: 400,
  /** Nodes of the parse tree of one message. */
  statementNodesMax: 60_000,
  /** Names compared and nodes visited while one message is analysed: its time without a clock. */
  statementWorkUnitsMax: 1_000_000,
  /** Analyses kept per generation of the cache; two generations are alive. */
  analysesMax: 4_096,
  /** Bytes of the texts that key one generation of that cache. */
  analysesBytesMax: 8_388_608,
  /** Columns of a target's catalogue; a larger catalogue is refused, since it could not be checked whole. */
  catalogueRowsMax: 500_000,
} as const

invariant(
  sqlLimits.statementInlineBytesMax < sqlLimits.statementBytesMax,
  'inline statements are the smaller ones',
)
invariant(sqlLimits.statementBytesMax < limits.requestBytesMax, 'a statement fits in a request')
