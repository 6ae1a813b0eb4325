/** What a command line does, as far as somebody has read it. */
export interface CommandLine {
  readonly programs: readonly never[]
  readonly paths: readonly never[]
  /** Why more may run than `programs` says. */
  readonly opaque: readonly { readonly reason: string; readonly detail: string }[]
  readonly detached: boolean
  readonly read_only: boolean
  readonly transfer: null
}

/** Nobody reads command lines yet: what they do is unknown, and policies are told so. */
export function parseCommandLine(_text: string): CommandLine {
  const opaque = [{ reason: 'syntax', detail: 'command lines are not read' }]
  return { programs: [], paths: [], opaque, detached: false, read_only: false, transfer: null }
}
