import { UsageError } from './command.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `2h` or `7d` in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text)
  const unit = unitMs[match?.[2] ?? '']
  if (match === null || unit === undefined)
    throw new UsageError(`"${text}" is no duration: use 90s, 10m, 2h or 7d`)
  return Number(match[1]) * unit
}
