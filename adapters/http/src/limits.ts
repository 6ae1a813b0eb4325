import { invariant, limits } from '@sluice/core'

/** What one request may hold, unit last. */
export const httpLimits = {
  /** Headers of one HTTP request, bytes of one of them, and of path and query. */
  headersMax: 100,
  /** Requests of one connection, each with its head, that may wait behind the one that is being answered. */
  aheadMax: 32,
  headerBytesMax: 16_384,
  targetBytesMax: 16_384,
  /** Bytes of the path alone: policies always see it whole. */
  pathBytesMax: 2_048,
  /** Segments of a path. */
  segmentsMax: 128,
  /** Parameters of a query, and fields of a form. */
  pairsMax: 1_000,
  /** Parts of a multipart body. */
  partsMax: 200,
  /** Levels and values of a JSON body. */
  jsonDepthMax: 64,
  jsonValuesMax: 100_000,
  /** Tokens of one GraphQL document, and operations of one batch. */
  graphqlTokensMax: 10_000,
  graphqlBatchMax: 50,
} as const

invariant(
  2 * httpLimits.pathBytesMax <= limits.policyLeafBytesMax,
  'a path is never shortened, even in lower case',
)
