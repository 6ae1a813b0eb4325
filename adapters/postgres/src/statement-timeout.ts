import { limits } from '@sluice/core'

/** The setting by which a client says how long a statement of its may take. */
export const statementTimeout = 'statement_timeout'

const units: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const written = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(us|ms|s|min|h|d)?\s*$/

/**
 * Its value in milliseconds (PostgreSQL 15 §20.1.1: a number of milliseconds, or one with a unit); `null` when it is
 * off. What cannot be read counts as off: the server refuses it.
 */
export function timeoutOf(value: string): number | null {
  const [, number, unit = 'ms'] = written.exec(value) ?? []
  const ms = Math.round(Number(number) * (units[unit] ?? 1))
  return ms > 0 && ms <= limits.timerMsMax ? ms : null
}

/**
 * How long a statement may take by the client's own words, as far as this gateway has heard them: from the start-up,
 * SET and RESET. SET LOCAL ends with its transaction; that another SET was rolled back is not noticed.
 */
export class StatementTimeout {
  readonly #initial: number | null
  #lasting: number | null
  #local: number | null | undefined

  constructor(initial: string | undefined) {
    this.#initial = initial === undefined ? null : timeoutOf(initial)
    this.#lasting = this.#initial
  }

  get ms(): number | null {
    return this.#local === undefined ? this.#lasting : this.#local
  }

  is(ms: number | null | 'initial', local: boolean): void {
    const value = ms === 'initial' ? this.#initial : ms
    if (local) this.#local = value
    else {
      this.#lasting = value
      this.#local = undefined
    }
  }

  transactionOver(): void {
    this.#local = undefined
  }
}
