/** Why something failed, for people: by the code of the system where there is one. */
export function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
