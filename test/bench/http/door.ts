/** A way to one origin, and the process whose CPU it costs (none for the origin itself). */
export interface Door {
  readonly name: string
  /** Without a slash at its end. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  readonly pid: number | null
}
