/** Milliseconds since 1970 as answers say them. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
