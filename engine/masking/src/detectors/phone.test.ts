import assert from 'node:assert/strict'
import { test } from 'node:test'
import { phone } from './phone.ts'

const found = (text: string): readonly string[] =>
  phone.find(text).map(({ start, end }) => text.slice(start, end))

test('numbers are found as they are written in several countries', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['+14155550132', '+14155550132'],
    ['(415) 555-0132', '(415) 555-0132'],
    ['415.555.0132', '415.555.0132'],
    ['+44 (0)20 7946 0958', '+44 (0)20 7946 0958'],
    ['+49 30 1234567', '+49 30 1234567'],
    ['0049 30 1234567', '0049 30 1234567'],
    ['01 23 45 67 89', '01 23 45 67 89'],
    ['0171/1234567', '0171/1234567'],
    ['phone: 5550132999', '5550132999'],
    ['"mobile":"04155550132"', '04155550132'],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('dates, addresses of machines and ids are left alone', () => {
  const texts: readonly string[] = [
    '2024-11-26 10:00:00',
    '26.11.2024',
    '2024-11-26T10:00:00+01:00',
    '192.168.100.200',
    '1732653494123',
    '123-45-6789',
    'a+12345678901',
    'phone 2024-11-26',
    '415-555-01325',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})
