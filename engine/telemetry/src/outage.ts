/** What an exporter of OpenTelemetry says of an attempt: 0 is success. */
interface Attempt {
  readonly code: number
  readonly error?: Error | undefined
}

/** Tells the operator once that a receiver takes nothing, and once that it does again. */
export class Outage {
  readonly #what: string
  readonly #report: (what: string, error: unknown) => void
  #lasts = false

  /** `what` is sent, e.g. traces. */
  constructor(what: string, report: (what: string, error: unknown) => void) {
    this.#what = what
    this.#report = report
  }

  heard<Result extends Attempt>(then: (result: Result) => void): (result: Result) => void {
    return (result) => {
      this.#note(result)
      then(result)
    }
  }

  #note({ code, error }: Attempt): void {
    const fails = code !== 0
    if (fails === this.#lasts) return
    this.#lasts = fails
    this.#report(
      fails ? `${this.#what} are not taken and are lost` : `${this.#what} are taken again`,
      error ?? null,
    )
  }
}
