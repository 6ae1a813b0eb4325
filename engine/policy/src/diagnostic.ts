/** A finding of the compiler with the place that it is about. Rows and columns count from 1; 0 when unknown. */
export interface Diagnostic {
  /** Path inside the policy folder; empty when the finding is about no file. */
  readonly file: string
  readonly row: number
  readonly col: number
  readonly code: string
  readonly message: string
}

/** One finding per line: `file:row:col: message`, further lines indented. */
export function describe(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ file, row, col, message }) => {
      const place = [file, ...(row > 0 ? [row, col] : [])].join(':')
      return `${place === '' ? '' : `${place}: `}${message.replaceAll('\n', '\n    ')}`
    })
    .join('\n')
}

/** Policies that cannot be used, and why. */
export class PolicyError extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(describe(diagnostics))
    this.name = 'PolicyError'
    this.diagnostics = diagnostics
  }
}

/** A finding about a whole file, or about none. */
export function finding(code: string, file: string, message: string): Diagnostic {
  return { file, row: 0, col: 0, code, message }
}
