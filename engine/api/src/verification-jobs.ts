import { LogJobs, type LogJob, type LogJobsPorts } from './log-jobs.ts'

/** What was found in the log. */
export interface Verification {
  readonly ok: boolean
  readonly events: number
  readonly streams: number
  /** Events of types that this version does not know, and events that retention removed, as signed. */
  readonly unknown: number
  readonly removed: number
  readonly findings: readonly {
    /** The file, or topic and partition. */
    readonly segment: string
    readonly offset: number
    readonly stream: string | null
    readonly seq: number | null
    readonly what: string
  }[]
}

/** How much of about how much is read. */
export interface VerifyProgress {
  readonly events: number
  readonly done: number
  readonly of: number
}

interface VerificationDetails {
  /** Events so far, and about how much of the log that is; hundredths. */
  readonly events: number
  readonly percent: number
  readonly report: Verification | null
}

export type VerificationJob = LogJob & VerificationDetails

export type VerifyLog = (
  progress: (progress: VerifyProgress) => void,
  signal: AbortSignal,
) => Promise<Verification>

interface VerificationPorts extends LogJobsPorts {
  readonly verify: VerifyLog
  readonly report: (what: string, error: unknown) => void
}

const verification = {
  prefix: 'ver',
  rule: 'api/verification',
  busy: 'The log is being verified already: wait for it, or stop it.',
  unknown: 'This gateway has no such verification, or not any more.',
  longestMs: 7_200_000,
} as const

export class VerificationJobs extends LogJobs<VerificationDetails> {
  readonly #ports: VerificationPorts

  constructor(ports: VerificationPorts) {
    super(verification, ports)
    this.#ports = ports
  }

  /** Throws `Refused` while another one runs. */
  verify(by: string): VerificationJob {
    const { verify, report } = this.#ports
    return this.start(
      by,
      { events: 0, percent: 0, report: null },
      async (progress, signal) => {
        const found = await verify(
          ({ events, done, of }) => progress({ events, percent: percentOf(done, of) }),
          signal,
        )
        return { events: found.events, percent: 100, report: found }
      },
      (error) => {
        report('the log was not verified', error)
        return { error: error instanceof Error ? error.message : 'It could not be read.' }
      },
    )
  }
}

function percentOf(done: number, of: number): number {
  return of === 0 ? 100 : Math.min(100, Math.floor((100 * done) / of))
}
