/** Files of a policy folder as they are sent, by path. */
export type SentFiles = ReadonlyMap<string, Uint8Array>

/** Policies that are not in force: those that somebody sent, or a revision of the log. */
export type Draft = { readonly files: SentFiles } | { readonly revision: string }

/** A finding of the compiler. Rows and columns count from 1; 0 when unknown. */
export interface Finding {
  readonly file: string
  readonly row: number
  readonly col: number
  readonly code: string
  readonly message: string
}

/** Policies that cannot be used, and why. */
export class Unusable extends Error {
  readonly findings: readonly Finding[]
  constructor(findings: readonly Finding[]) {
    super('These policies cannot be used.')
    this.name = 'Unusable'
    this.findings = findings
  }
}

export interface Period {
  readonly sinceMs: number
  readonly untilMs: number
  readonly target?: string | undefined
}

/** What can be asked of policies before they are in force. Each rejects with `Unusable`. */
export interface PolicyDrafts {
  /** By path; `null`: the log does not hold the revision. With tests where it is that of the policy folder. */
  files(revision: string): Promise<Readonly<Record<string, string>> | null>
  check(files: SentFiles): Promise<readonly Finding[]>
  test(files: SentFiles, filter: string): Promise<object>
  /** `null`: no policies decided on such an exchange, or the revision is none of the log. */
  evaluate(draft: Draft, session: string, exchange: string): Promise<object | null>
  /** `null`: the revision is none of the log. */
  whatIf(
    draft: Draft,
    period: Period,
    progress: (decided: number) => void,
    signal: AbortSignal,
  ): Promise<object | null>
}
