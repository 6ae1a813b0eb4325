import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dayOf, daysOf, dayText, eraText, parsedDay } from './calendar.ts'

const epoch = Date.UTC(2000, 0, 1)
const msPerDay = 86_400_000

test('days are those of the proleptic Gregorian calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: -90_000_000, max: 90_000_000 }), (days) => {
      const date = new Date(epoch + days * msPerDay)
      const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
      assert.deepEqual(dayOf(days), day)
      assert.equal(daysOf(day), days)
    }),
  )
})

test('the whole range of the server goes there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_451_545, max: 2_145_031_948 }), (days) => {
      assert.equal(daysOf(dayOf(days)), days)
    }),
  )
})

test('years before the first are written with their era', () => {
  const day = { year: 0, month: 2, day: 29 }
  assert.equal(dayText(day) + eraText(day), '0001-02-29 BC')
  assert.deepEqual(parsedDay('0001', '02', '29', ' BC'), day)
})

test('a day that is in no calendar is none', () => {
  for (const [year, month, day] of [
    ['2023', '02', '29'],
    ['1900', '02', '29'],
    ['2023', '00', '10'],
    ['2023', '13', '01'],
    ['2023', '04', '31'],
    ['2023', '01', '00'],
    ['0000', '01', '01'],
  ] as const)
    assert.equal(parsedDay(year, month, day, undefined), undefined)
})
