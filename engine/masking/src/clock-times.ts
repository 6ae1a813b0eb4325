import { parts, sized, Undecodable, type DataType } from './data-type.ts'
import { two } from './calendar.ts'

const micros = { second: 1_000_000, hour: 3_600_000_000, day: 86_400_000_000 }

/** Microseconds since midnight; the end of a day is a value of its own. */
export const time: DataType<number> = {
  name: 'time',
  decode(bytes, format) {
    if (format === 'binary') return inDay(Number(sized(bytes, 8, 'time').readBigInt64BE(0)), 'time')
    const [, ...clock] = parts(bytes, /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/, 'time')
    return inDay(microsOf(clock), 'time')
  },
  encode: (value, format) => (format === 'text' ? Buffer.from(clockText(value)) : int8(value)),
  canonical: String,
  redacted: 0,
  partial: hourOf,
  generalise: (to = 'hour') => (to === 'hour' ? hourOf : undefined),
  pseudonym: secondOf,
}

/** A clock somewhere: its time and how many seconds it is west of Greenwich. */
interface ZonedTime {
  readonly clock: number
  readonly west: number
}

const westMax = 16 * 3600

export const timetz: DataType<ZonedTime> = {
  name: 'timetz',
  decode(bytes, format) {
    if (format === 'text') return zonedOf(bytes)
    const { clock, west } = {
      clock: Number(sized(bytes, 12, 'timetz').readBigInt64BE(0)),
      west: bytes.readInt32BE(8),
    }
    if (Math.abs(west) >= westMax) throw new Undecodable('timetz')
    return { clock: inDay(clock, 'timetz'), west }
  },
  encode({ clock, west }, format) {
    if (format === 'text') return Buffer.from(clockText(clock) + zoneText(west))
    const zone = Buffer.alloc(4)
    zone.writeInt32BE(west)
    return Buffer.concat([int8(clock), zone])
  },
  canonical: ({ clock, west }) => `${clock} ${west}`,
  redacted: { clock: 0, west: 0 },
  partial: zonedHour,
  generalise: (to = 'hour') => (to === 'hour' ? zonedHour : undefined),
  pseudonym: (digest) => ({ clock: secondOf(digest), west: 0 }),
}

function zonedHour({ clock, west }: ZonedTime): ZonedTime {
  return { clock: hourOf(clock), west }
}

function zonedOf(bytes: Buffer): ZonedTime {
  const form = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/
  const [, hours, minutes, seconds, fraction, sign, h, m = '0', s = '0'] = parts(bytes, form, 'timetz')
  const east = (sign === '-' ? -1 : 1) * (3600 * Number(h) + 60 * Number(m) + Number(s))
  if (Math.abs(east) >= westMax) throw new Undecodable('timetz')
  return { clock: inDay(microsOf([hours, minutes, seconds, fraction]), 'timetz'), west: 0 - east }
}

function microsOf([hours, minutes, seconds, fraction = '']: readonly (string | undefined)[]): number {
  const whole = 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds)
  return whole * micros.second + Number(fraction.padEnd(6, '0'))
}

function inDay(clock: number, name: string): number {
  if (clock < 0 || clock > micros.day) throw new Undecodable(name)
  return clock
}

function hourOf(clock: number): number {
  return clock - (clock % micros.hour)
}

function secondOf(digest: Buffer): number {
  return (digest.readUInt32BE(0) % 86_400) * micros.second
}

function int8(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function clockText(clock: number): string {
  const seconds = Math.floor(clock / micros.second)
  const fraction = String(clock % micros.second)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const text = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  return fraction === '' ? text : `${text}.${fraction}`
}

/** Minutes and seconds of a zone are written where there are any. */
function zoneText(west: number): string {
  const seconds = Math.abs(west)
  const [first, ...more] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two)
  while (more.at(-1) === '00') more.pop()
  return (west > 0 ? '-' : '+') + [first, ...more].join(':')
}
