import { dayOf, daysOf, dayText, eraText, isPeriod, parsedDay, periods, two } from './calendar.ts'
import { parts, sized, Undecodable, type DataType } from './data-type.ts'

/** What the server calls `infinity` and `-infinity`: the ends of the integer that holds the value. */
const words = ['infinity', '-infinity'] as const

const dayMin = -2_451_545
/** The day after 5874897-12-31. */
const dayEnd = 2_145_031_949
const dayInfinities = [0x7fff_ffff, -0x8000_0000] as const
/** Pseudonyms are days of 1900 to 2099. */
const pseudonymFirst = daysOf({ year: 1900, month: 1, day: 1 })
const pseudonymDays = daysOf({ year: 2100, month: 1, day: 1 }) - pseudonymFirst
const nothingDay = daysOf({ year: 1970, month: 1, day: 1 })

/** Days since 2000-01-01. In text only the ISO style is understood, which is the server's default. */
export const date: DataType<number> = {
  name: 'date',
  decode(bytes, format) {
    const days = format === 'binary' ? sized(bytes, 4, 'date').readInt32BE(0) : dateOf(bytes)
    const infinite = days === dayInfinities[0] || days === dayInfinities[1]
    if (!infinite && (days < dayMin || days >= dayEnd)) throw new Undecodable('date')
    return days
  },
  encode(value, format) {
    if (format === 'text') return Buffer.from(wordOf(value, dayInfinities) ?? dateText(value))
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  },
  canonical: String,
  redacted: nothingDay,
  partial: (value) => startOf(value, 'year'),
  generalise: (to = 'month') => (isPeriod(to) ? (value) => startOf(value, to) : undefined),
  pseudonym: (digest) => pseudonymFirst + (digest.readUIntBE(0, 6) % pseudonymDays),
}

function dateOf(bytes: Buffer): number {
  const form = /^(?:(\d{4,7})-(\d\d)-(\d\d)( BC)?|-?infinity)$/
  const [whole, year, month = '', day = '', era] = parts(bytes, form, 'date')
  if (year === undefined) return dayInfinities[whole === words[0] ? 0 : 1]
  const found = parsedDay(year, month, day, era)
  if (found === undefined) throw new Undecodable('date')
  return daysOf(found)
}

function dateText(days: number): string {
  const day = dayOf(days)
  return dayText(day) + eraText(day)
}

function wordOf<T>(value: T, infinities: readonly [T, T]): string | undefined {
  return value === infinities[0] ? words[0] : value === infinities[1] ? words[1] : undefined
}

function startOf(days: number, period: keyof typeof periods): number {
  if (days === dayInfinities[0] || days === dayInfinities[1]) return nothingDay
  return Math.max(daysOf(periods[period](dayOf(days))), dayMin)
}

const micros = { second: 1_000_000n, hour: 3_600_000_000n, day: 86_400_000_000n }
const instantMin = BigInt(dayMin) * micros.day
const instantEnd = 9_223_371_331_200_000_000n
const instantInfinities = [0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n] as const

function timestampType(name: string, zoned: boolean): DataType<bigint> {
  return {
    name,
    decode(bytes, format) {
      const value =
        format === 'binary' ? sized(bytes, 8, name).readBigInt64BE(0) : instantOf(bytes, name, zoned)
      const infinite = value === instantInfinities[0] || value === instantInfinities[1]
      if (!infinite && (value < instantMin || value >= instantEnd)) throw new Undecodable(name)
      return value
    },
    encode(value, format) {
      if (format === 'text') return Buffer.from(wordOf(value, instantInfinities) ?? instantText(value, zoned))
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(value)
      return bytes
    },
    canonical: String,
    redacted: BigInt(nothingDay) * micros.day,
    partial: (value) => ofDay(value, (days) => startOf(days, 'year')),
    generalise(to = 'month') {
      if (to === 'day') return (value) => ofDay(value, (days) => days)
      if (to === 'hour')
        return (value) => {
          if (value === instantInfinities[0] || value === instantInfinities[1]) return ofDay(value, Number)
          return floorDivided(value, micros.hour) * micros.hour
        }
      return isPeriod(to) ? (value) => ofDay(value, (days) => startOf(days, to)) : undefined
    },
    pseudonym(digest) {
      const seconds = digest.readBigUInt64BE(0) % (BigInt(pseudonymDays) * 86_400n)
      return BigInt(pseudonymFirst) * micros.day + seconds * micros.second
    },
  }
}

/** Microseconds since 2000-01-01, of UTC where the type has a zone. */
function instantOf(bytes: Buffer, name: string, zoned: boolean): bigint {
  const form =
    /^(?:(\d{4,7})-(\d\d)-(\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d){0,2})?( BC)?|-?infinity)$/
  const [whole, year, month = '', day = '', hour, minute, second, fraction = '', zone, era] = parts(
    bytes,
    form,
    name,
  )
  if (year === undefined) return instantInfinities[whole === words[0] ? 0 : 1]
  const found = parsedDay(year, month, day, era)
  if (found === undefined || (zone !== undefined) !== zoned) throw new Undecodable(name)
  const seconds = 3600 * Number(hour) + 60 * Number(minute) + Number(second) - offsetOf(zone)
  return (
    BigInt(daysOf(found)) * micros.day + BigInt(seconds) * micros.second + BigInt(fraction.padEnd(6, '0'))
  )
}

/** Seconds east of Greenwich. */
function offsetOf(zone = '+00'): number {
  const [hours = 0, minutes = 0, seconds = 0] = zone.slice(1).split(':').map(Number)
  return (zone.startsWith('-') ? -1 : 1) * (3600 * hours + 60 * minutes + seconds)
}

function instantText(value: bigint, zoned: boolean): string {
  const days = floorDivided(value, micros.day)
  const rest = value - days * micros.day
  const seconds = Number(rest / micros.second)
  const fraction = String(rest % micros.second)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const day = dayOf(Number(days))
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  return (
    `${dayText(day)} ${time}` + (fraction === '' ? '' : `.${fraction}`) + (zoned ? '+00' : '') + eraText(day)
  )
}

/** Midnight of the day that is made of the value's day. */
function ofDay(value: bigint, change: (days: number) => number): bigint {
  if (value === instantInfinities[0] || value === instantInfinities[1]) return BigInt(nothingDay) * micros.day
  return BigInt(change(Number(floorDivided(value, micros.day)))) * micros.day
}

function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

export const timestamp: DataType<bigint> = timestampType('timestamp', false)
/** Periods begin at midnight of UTC, whatever the client's time zone. */
export const timestamptz: DataType<bigint> = timestampType('timestamptz', true)
