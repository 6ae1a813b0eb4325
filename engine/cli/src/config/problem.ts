/** One thing that is wrong in a configuration file, where it is, and what would be right. */
export interface Problem {
  readonly file: string
  /** From 1; 0 when the place is not known. */
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint: string | null
  /** The keys that lead to it; none where it is about no part of the file. */
  readonly at?: readonly (string | number)[]
}

export class ConfigError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(show).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function show({ file, line, column, message, hint }: Problem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`
  return `${place}: ${message}${hint === null ? '' : ` — ${hint}`}`
}
