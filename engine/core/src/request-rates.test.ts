import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { RequestRates } from './request-rates.ts'
import { SteppedClock } from './scripted-control.ts'

const rate = { burst: 3, perSecond: 2 }

function given() {
  const clock = new SteppedClock()
  const rates = new RequestRates(clock)
  /** How many of ten are taken. */
  const taken = (subject: string, of = rate): number =>
    Array.from({ length: 10 }, () => rates.refuse({ name: 'shop', rate: of }, subject)).filter(
      (refused) => refused === undefined,
    ).length
  return { clock, rates, taken }
}

suite('the rate of requests', () => {
  test('is the burst at once, and then comes back by time', () => {
    const { clock, taken } = given()
    assert.equal(taken('a'), 3)
    clock.advance(1_000)
    assert.equal(taken('a'), 2)
  })

  test('counts what comes as one for what it is, also when that is more than is left', () => {
    const { clock, rates, taken } = given()
    assert.equal(rates.refuse({ name: 'shop', rate }, 'a', 7), undefined)
    clock.advance(2_000)
    assert.equal(taken('a'), 0)
    clock.advance(1_000)
    assert.equal(taken('a'), 2)
  })

  test('is each subject’s own, and each target’s', () => {
    const { taken } = given()
    assert.deepEqual([taken('a'), taken('b'), taken('a', { ...rate }), taken('a')], [3, 3, 3, 0])
  })

  test('is unbounded where a target says nothing', () => {
    const { rates } = given()
    for (let i = 0; i < 10_000; i++) assert.equal(rates.refuse({ name: 'shop' }, 'a'), undefined)
  })

  test('says what is wrong and when to come back', () => {
    const { rates, taken } = given()
    const slow = { burst: 1, perSecond: 0.1 }
    taken('a', slow)
    const refused = rates.refuse({ name: 'shop', rate: slow }, 'a')
    assert.deepEqual([refused?.code, refused?.rule], ['too_many', 'sluice/rate'])
    assert.match(refused?.message ?? '', /1 requests .* 0\.1 a second .*Try again in 10 seconds/)
  })
})
