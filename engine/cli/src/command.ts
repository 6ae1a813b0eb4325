/** One `sluice <name>`. Reads its arguments, writes to the given streams, and answers with an exit code. */
export interface Command {
  readonly usage: string
  /** Those of `ExitCode`, unless it is another program's. */
  run(args: readonly string[], io: Io): Promise<number>
}

/** What a command may touch of the process: tests give their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  out(text: string): void
  /** How large the terminal is on which `out` is seen; without it that is none. */
  readonly window?: () => { readonly columns: number; readonly rows: number }
  error(text: string): void
}

/** 0 ok · 1 finding, denied or conflict · 2 usage · 3 unreachable */
export type ExitCode = 0 | 1 | 2 | 3

/** Wrong arguments: shown with the command's usage. */
export class UsageError extends Error {}

/** A gateway or provider that does not answer. */
export class Unreachable extends Error {}
