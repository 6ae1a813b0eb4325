/** One exchange of any session, as the log tells of it, a little behind it. */
export interface ExchangeRecord {
  readonly exchange: string
  readonly session: string
  readonly at_ms: number
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly run: string | null
  /** Its actions and what they touch, e.g. `sql.select public.customers`; several on lines of their own. */
  readonly summary: string
  readonly bytes: number
  readonly effect: string | null
  readonly rule: string | null
  readonly reason: string | null
  readonly decision: string | null
  readonly revision: string | null
  readonly outcome: string
  readonly status: string | null
  readonly rows: number
  readonly masked: number
  /** From the decision to the end of its answer; `null` until then. */
  readonly micros: number | null
}

export interface ExchangesWanted {
  readonly subject?: string | undefined
  readonly on_behalf_of?: string | null | undefined
  readonly target?: string | undefined
  readonly run?: string | undefined
  readonly rule?: string | undefined
  readonly table?: string | undefined
  readonly action?: string | undefined
  readonly effect?: string | undefined
  readonly text?: string | undefined
  readonly since_ms?: number | undefined
  readonly until_ms?: number | undefined
  /** Those before this one. */
  readonly before?: Pick<ExchangeRecord, 'at_ms' | 'exchange'> | undefined
  readonly last: number
}

/** Exchanges of all gateways. */
export interface ExchangeRecords {
  /** Newest first. */
  search(wanted: ExchangesWanted): Promise<readonly ExchangeRecord[]>
  /** What the log says anew, soon after it does; `skipped`: so many more at once that they are not told one by one. */
  onChange(listener: (changed: readonly ExchangeRecord[], skipped: number) => void): Disposable
}
