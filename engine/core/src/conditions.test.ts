import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Conditions } from './conditions.ts'
import { SteppedClock } from './scripted-control.ts'

const shop = { name: 'shop', conditions: { burst: 3, perSecond: 1 / 60 } }

function given() {
  const clock = new SteppedClock()
  const conditions = new Conditions(clock)
  /** How many of thirty requests with one condition each are taken. */
  const taken = (subject: string, target: Parameters<Conditions['refuse']>[0] = shop): number =>
    Array.from({ length: 30 }, () => conditions.refuse(target, subject, 1)).filter((refused) => !refused)
      .length
  return { clock, conditions, taken }
}

suite('the budget of conditions on masked columns', () => {
  test('is the burst at once, and then comes back by time', () => {
    const { clock, taken } = given()
    assert.equal(taken('a'), 3)
    clock.advance(120_000)
    assert.equal(taken('a'), 2)
  })

  test('is each subject’s own, and each target’s', () => {
    const { taken } = given()
    assert.deepEqual(
      [taken('a'), taken('b'), taken('a', { ...shop, name: 'other' }), taken('a')],
      [3, 3, 3, 0],
    )
  })

  test('is spent by every condition of a request, also when that is more than is left', () => {
    const { clock, conditions, taken } = given()
    assert.equal(conditions.refuse(shop, 'a', 6), undefined)
    clock.advance(180_000)
    assert.equal(taken('a'), 0)
    clock.advance(60_000)
    assert.equal(taken('a'), 1)
  })

  test('is not asked of requests without such a condition', () => {
    const { conditions, taken } = given()
    taken('a')
    assert.equal(conditions.refuse(shop, 'a', 0), undefined)
  })

  test('is twenty an hour where a target says nothing, and told apart by target', () => {
    const { clock, taken } = given()
    assert.equal(taken('a', { name: 'quiet' }), 20)
    assert.equal(taken('a', { name: 'other' }), 20)
    clock.advance(3_600_000)
    assert.equal(taken('a', { name: 'quiet' }), 20)
  })

  test('says what is spent and what is possible without it', () => {
    const { conditions, taken } = given()
    taken('a')
    const refused = conditions.refuse(shop, 'a', 1)
    assert.deepEqual([refused?.code, refused?.rule], ['denied', 'sluice/conditions'])
    assert.match(
      refused?.message ?? '',
      /budget .* is spent: 3 at once and 60 an hour after that. Ask without/,
    )
  })
})
