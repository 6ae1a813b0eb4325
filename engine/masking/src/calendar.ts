/** A day of the proleptic Gregorian calendar; the year before 1 is 0. */
export interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** Days of 400 years, after which the calendar repeats itself. */
const cycleDays = 146_097
/** From the first of March of year 0, where leap days are the last of a year, to 2000-01-01. */
const epochDays = 730_425

/** Days since 2000-01-01; a day that its month does not have counts on into the next. */
export function daysOf({ year, month, day }: Day): number {
  const shifted = month > 2 ? year : year - 1
  const cycle = Math.floor(shifted / 400)
  const yearOfCycle = shifted - 400 * cycle
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leapDays = Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100)
  return cycle * cycleDays + 365 * yearOfCycle + leapDays + dayOfYear - epochDays
}

export function dayOf(days: number): Day {
  const sinceMarch = days + epochDays
  const cycle = Math.floor(sinceMarch / cycleDays)
  const dayOfCycle = sinceMarch - cycle * cycleDays
  const yearOfCycle = Math.floor(
    (dayOfCycle -
      Math.floor(dayOfCycle / 1460) +
      Math.floor(dayOfCycle / 36_524) -
      Math.floor(dayOfCycle / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return {
    year: 400 * cycle + yearOfCycle + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  }
}

/** `2024-02-29`, `10000-01-01`; the era `BC` is not part of it. */
export function dayText({ year, month, day }: Day): string {
  const shown = year > 0 ? year : 1 - year
  return [String(shown).padStart(4, '0'), two(month), two(day)].join('-')
}

export function two(value: number): string {
  return String(value).padStart(2, '0')
}

export function eraText({ year }: Day): string {
  return year > 0 ? '' : ' BC'
}

/** `undefined` for a day that is in no calendar. */
export function parsedDay(
  year: string,
  month: string,
  day: string,
  era: string | undefined,
): Day | undefined {
  const written = Number(year)
  const found = { year: era === undefined ? written : 1 - written, month: Number(month), day: Number(day) }
  const back = dayOf(daysOf(found))
  const same = back.year === found.year && back.month === found.month && back.day === found.day
  return same && written > 0 ? found : undefined
}

/** The first day of the period to which a day belongs. */
export const periods = {
  month: ({ year, month }: Day): Day => ({ year, month, day: 1 }),
  year: ({ year }: Day): Day => ({ year, month: 1, day: 1 }),
  decade: ({ year }: Day): Day => ({ year: 10 * Math.floor(year / 10), month: 1, day: 1 }),
} as const

export function isPeriod(name: string): name is keyof typeof periods {
  return Object.hasOwn(periods, name)
}
