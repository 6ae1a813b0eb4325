import type { CellSearch, DetectorRule } from '@sluice/masking'

/** What a verdict has looked for in an answer, wherever it stands. */
export interface Detection {
  readonly rules: readonly DetectorRule[]
  readonly search: CellSearch
}
