import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Rules } from './rules.ts'

test('a rule is called by its name, and rules that held together by theirs', () => {
  const rules = new Rules()
  for (const rule of ['starter/reads', 'policy/undefined', 'a/b c/d']) assert.equal(rules.name(rule), rule)
})

for (const rule of ['', 'it’s 4711', "x='a'", 'a\nb', 'a'.repeat(129)])
  test(`no name: ${JSON.stringify(rule.slice(0, 20))}`, () => assert.equal(new Rules().name(rule), 'other'))

test('a policy that makes up names makes no series of each', () => {
  const rules = new Rules()
  const names = Array.from({ length: 1_000 }, (_, index) => rules.name(`made/up${index}`))
  assert.equal(new Set(names).size, 201)
  assert.equal(names.at(-1), 'other')
  assert.equal(rules.name('made/up0'), 'made/up0', 'what is known stays so')
})
