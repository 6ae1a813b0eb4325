import { LogJobs, type LogJob, type LogJobsPorts } from './log-jobs.ts'
import { Unusable, type Draft, type Finding, type Period, type PolicyDrafts } from './policy-draft.ts'

interface WhatIfDetails {
  /** Decisions judged so far. */
  readonly decided: number
  readonly report: object | null
  /** Why the policies cannot be used. */
  readonly findings: readonly Finding[]
}

/** What would have been decided otherwise, while it is found out and after. */
export type WhatIfJob = LogJob & WhatIfDetails

interface WhatIfPorts extends LogJobsPorts {
  readonly drafts: Pick<PolicyDrafts, 'whatIf'>
  readonly report: (what: string, error: unknown) => void
}

const whatIf = {
  prefix: 'wif',
  rule: 'api/what_if',
  busy: 'Another one runs: wait for it, or stop it.',
  unknown: 'This gateway has no such job, or not any more.',
  longestMs: 900_000,
} as const

/** Questions to the whole log of what other policies would do. */
export class WhatIfJobs extends LogJobs<WhatIfDetails> {
  readonly #ports: WhatIfPorts

  constructor(ports: WhatIfPorts) {
    super(whatIf, ports)
    this.#ports = ports
  }

  /** Throws `Refused` while another one runs. */
  ask(draft: Draft, period: Period, by: string): WhatIfJob {
    const { drafts, report } = this.#ports
    return this.start(
      by,
      { decided: 0, report: null, findings: [] },
      async (progress, signal) => {
        const found = await drafts.whatIf(draft, period, (decided) => progress({ decided }), signal)
        if (signal.aborted) return { state: 'stopped' }
        if (found === null) return { state: 'failed', error: 'The log holds no such revision.' }
        return { report: found }
      },
      (error) => {
        if (error instanceof Unusable) return { findings: error.findings }
        report('what other policies would do was not found out', error)
        return { error: 'The gateway could not read its record, or judge by it.' }
      },
    )
  }
}
