/** How times are written: in the zone that the reader chose, with the day only where it is not today. */
export type Zone = 'local' | 'utc'

/** Making one takes milliseconds, and a page has a hundred times on it. */
interface Formats {
  readonly day: Intl.DateTimeFormat
  readonly clock: Intl.DateTimeFormat
}

const formats = new Map<Zone, Formats>()

function formatsOf(zone: Zone): Formats {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const zoned = zone === 'utc' ? { timeZone: 'UTC' } : {}
  const made = {
    day: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', ...zoned }),
    clock: new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      ...zoned,
    }),
  }
  formats.set(zone, made)
  return made
}

/** `14:03:55` or `3 Nov 14:03:55`. */
export function timeText(iso: string, zone: Zone, nowMs: number): string {
  const time = Date.parse(iso)
  if (Number.isNaN(time)) return iso
  const { day, clock } = formatsOf(zone)
  const [date, today] = [day.format(time), day.format(nowMs)]
  if (date === today) return clock.format(time)
  const year = date.slice(-5)
  return `${today.endsWith(year) ? date.slice(0, -5) : date} ${clock.format(time)}`
}

/** `just now`, `12 s ago`, `in 3 min`. */
export function agoText(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso)
  if (Number.isNaN(ms)) return iso
  if (Math.abs(ms) < 1_500) return 'just now'
  return ms > 0 ? `${spanText(ms)} ago` : `in ${spanText(-ms)}`
}

/** The two largest units: `4 min 12 s`, `3 h 5 min`, `2 d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return days < 10 && hours > 0 ? `${days} d ${hours} h` : `${days} d`
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`
  if (minutes > 0) return `${minutes} min`
  return `${seconds} s`
}

/** `2:05`, for what runs down before one's eyes. */
export function countdownText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const two = (value: number): string => String(value).padStart(2, '0')
  if (seconds >= 3_600)
    return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
}

/** `340 µs`, `12 ms`, `1.4 s`. */
export function latencyText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  return `${(ms / 1_000).toFixed(1)} s`
}
