import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Undecodable } from '../data-type.ts'
import { everyCut, masked, rules, ssn } from './scripted.ts'

const type = 'application/x-www-form-urlencoded'
const by = rules({ '$.secret': { method: 'redact' }, "$['a b'].c": { method: 'redact' } }, [ssn])

suite('what becomes of a form', () => {
  const cases: readonly (readonly [what: string, form: string, shown: string])[] = [
    ['each value of a name', 'secret=1&b=2&secret=x%20y', 'secret=%5Bmasked%5D&b=2&secret=%5Bmasked%5D'],
    ['a name with escapes', '%73ecret=1', '%73ecret=%5Bmasked%5D'],
    ['what is found', 'a=%3123-45-6789+b', 'a=%5Bmasked%5D+b'],
    ['a found name', '123-45-6789=a%2fb&123-45-6789', '%5Bmasked%5D=a%2fb&%5Bmasked%5D'],
    ['JSON in a value', 'a+b=%7B%22c%22%3A1%7D', 'a+b=%7B%22c%22%3A0%7D'],
    ['nothing to hide', '&a=%e9%8e%a7&&b=1=2&=&c', '&a=%e9%8e%a7&&b=1=2&=&c'],
    ['nothing', '', ''],
  ]
  for (const [what, form, shown] of cases)
    test(what, () => {
      for (const cuts of everyCut(form)) assert.equal(masked(type, by, form, cuts).text, shown)
    })

  test('what cannot be decoded is refused', () => {
    for (const form of ['a=%', 'a=%4', 'a=%zz', '%ff=1', 'a=%c3%28', `a=${'b'.repeat(1024 * 1024)}`])
      assert.throws(() => masked(type, by, form), Undecodable, form.slice(0, 9))
  })
})
