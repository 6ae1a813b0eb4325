import { refusal, type Refusal } from './errors.ts'
import type { LaneContext } from './lane.ts'
import type { Stop } from './stop.ts'
import type { StopReason } from './adapter.ts'
import type { VerdictLimits } from './verdict.ts'

/** What was shown of an answer. */
export interface Size {
  readonly rows: number
  readonly bytes: number
}

/** Why an answer of this size is larger than it may be. */
export function exceeded(bounds: VerdictLimits, { rows, bytes }: Size): Refusal | undefined {
  if (bounds.rows !== null && rows > bounds.rows)
    return refusal('too_large', 'policy/limit_rows', `The policy allows ${bounds.rows} rows in one answer.`)
  if (bounds.bytes !== null && bytes > bounds.bytes)
    return refusal(
      'too_large',
      'policy/limit_bytes',
      `The policy allows ${bounds.bytes} bytes in one answer.`,
    )
  return undefined
}

/** How long an answer may take, from when it is its turn. When it is over the target is told to stop. */
export class Deadline implements Disposable {
  /** Set once it is over. */
  passed: Refusal | undefined
  readonly #timer: Disposable
  /** Lets go of the work that is waited for. */
  #release: (() => void) | undefined

  constructor(ms: number, stop: Stop<StopReason>, lane: Pick<LaneContext, 'after'>) {
    this.#timer = lane.after(ms, () => {
      this.passed = refusal('cancelled', 'policy/limit_time', `The policy allows ${ms} ms for one answer.`)
      stop.request('limit')
      this.#release?.()
    })
  }

  /** Settles with the work, or with nothing when the time is over. One at a time. */
  async within<Result>(work: Promise<Result>): Promise<Result | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>()
    this.#release = () => resolve(undefined)
    work.then(resolve, reject)
    return this.passed === undefined ? promise : undefined
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}
