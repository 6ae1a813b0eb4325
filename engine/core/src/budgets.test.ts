import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Budgets } from './budgets.ts'
import { SteppedClock } from './scripted-control.ts'

function given(terms: { burst?: number; perSecond?: number; knownMax?: number } = {}) {
  const clock = new SteppedClock()
  const budgets = new Budgets({ burst: 5, perSecond: 2, knownMax: 3, ...terms }, clock)
  /** How many are afforded one after another. */
  const spent = (id: string): number => {
    let count = 0
    for (; count < 1_000 && budgets.affords(id); count++) budgets.spend(id, 1)
    return count
  }
  return { clock, budgets, spent }
}

suite('a budget', () => {
  test('is spent at once, and comes back by time', () => {
    const { clock, spent } = given()
    assert.equal(spent('a'), 5)
    clock.advance(499)
    assert.equal(spent('a'), 0)
    clock.advance(1)
    assert.equal(spent('a'), 1)
    clock.advance(3_600_000)
    assert.equal(spent('a'), 5)
  })

  test('is each spender’s own', () => {
    const { spent } = given()
    assert.deepEqual([spent('a'), spent('b'), spent('a')], [5, 5, 0])
  })

  test('can be overdrawn once, and then waits for all of it', () => {
    const { clock, budgets, spent } = given()
    budgets.spend('a', 25)
    clock.advance(10_000)
    assert.equal(budgets.affords('a'), false)
    clock.advance(500)
    assert.equal(spent('a'), 1)
  })

  test('is not renewed by making others come: newcomers share one when there is no room', () => {
    const { budgets, spent } = given()
    for (const id of ['a', 'b', 'c']) assert.equal(spent(id), 5)
    assert.equal(spent('d'), 5)
    for (let more = 0; more < 100; more++) assert.equal(spent(`e${more}`), 0)
    assert.equal(budgets.known, 3)
    assert.deepEqual(['a', 'b', 'c'].map(spent), [0, 0, 0])
  })

  test('that is full again is forgotten, and makes room', () => {
    const { clock, budgets, spent } = given()
    for (const id of ['a', 'b', 'c', 'd']) spent(id)
    clock.advance(2_500)
    assert.equal(spent('d'), 5)
    assert.equal(budgets.known, 1)
    assert.equal(spent('a'), 5)
  })

  test('is one for several processes: each tells what it spends, and both owe what both let pass', () => {
    const clock = new SteppedClock()
    const terms = { burst: 5, perSecond: 2, knownMax: 3 }
    const told: [string, number][] = []
    const here = new Budgets(terms, clock, (id, units) => {
      told.push([id, units])
      there.spentElsewhere(id, units)
    })
    const there = new Budgets(terms, clock)
    for (let i = 0; i < 3; i++) here.spend('a', 1)
    assert.deepEqual(told, [
      ['a', 1],
      ['a', 1],
      ['a', 1],
    ])
    there.spend('a', 2)
    assert.ok(!there.affords('a'))
    // It had not heard of that yet: what is spent beyond is owed.
    here.spend('a', 2)
    clock.advance(1_000)
    assert.ok(!there.affords('a'))
    clock.advance(500)
    assert.ok(there.affords('a'))
    here.spentElsewhere('b', 1)
    assert.equal(told.length, 4, 'what was told is not told again')
  })
})
