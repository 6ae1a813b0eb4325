/** The browser's clock, and how far the gateway's is from it: a countdown must end when the gateway says so. */
let skewMs = 0
/** The header has whole seconds, and an answer takes a while. */
const tolerableMs = 2_000

/** In whole milliseconds. */
export function now(): number {
  return Date.now() + skewMs
}

/** From the `date` of an answer that has just come. */
export function learnTime(date: string | null): void {
  const told = date === null ? NaN : Date.parse(date)
  if (Number.isNaN(told)) return
  const found = told - Date.now()
  if (Math.abs(found - skewMs) > tolerableMs) skewMs = Math.abs(found) > tolerableMs ? found : 0
}
