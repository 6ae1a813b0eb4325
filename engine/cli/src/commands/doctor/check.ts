/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do; of one that is ok, what would be safer. */
  readonly remedy?: string
}
