import { UsageError } from './command.ts'
import { durationMs } from './duration.ts'

const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** A date, a date and time with its zone, or how long ago: `2026-11-01`, `2026-11-01T08:00:00Z`, `7d`. */
export function instantMs(text: string, now: number): number {
  if (/^\d+[smhd]$/.test(text)) return now - durationMs(text)
  const ms = date.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(ms))
    throw new UsageError(`"${text}" is no time: use 2026-11-01, 2026-11-01T08:00:00Z or 7d`)
  return ms
}
