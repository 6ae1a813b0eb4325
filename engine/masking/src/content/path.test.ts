import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compilePath } from './path.ts'
import { InvalidMask } from './rules.ts'

suite('paths', () => {
  const cases: readonly (readonly [path: string, steps: string])[] = [
    ['$', ''],
    ['$.a', '.a'],
    ['$.customers[*].ssn', '.customers .* .ssn'],
    ['$..card', '..card'],
    ['$..*', '..*'],
    ['$..[0]', '..0'],
    ['$..["a"]', '..a'],
    ["$['a b'][0]", '.a b .0'],
    [`$['it\\'s "so"']`, `.it's "so"`],
    ['$["\\u00e9\\n"]', '.é\n'],
    ['$.é_1', '.é_1'],
    ["$['']", '.'],
  ]
  for (const [path, expected] of cases)
    test(path, () => {
      const steps = compilePath(path).steps.map((step) => {
        const part = step.kind === 'name' ? step.name : step.kind === 'element' ? String(step.index) : '*'
        return (step.deep ? '..' : '.') + part
      })
      assert.equal(steps.join(' '), expected)
    })

  const wrong = [
    '',
    'a.b',
    '$.',
    '$..',
    '$a',
    '$.a b',
    '$.a-b',
    '$.1',
    '$[01]',
    '$[-1]',
    '$[0:2]',
    '$[0,1]',
    '$[?@.a]',
    "$['a]",
    "$['\\x']",
    '$["\n"]',
    '$...a',
    `$${'.a'.repeat(33)}`,
  ]
  for (const path of wrong)
    test(`${JSON.stringify(path.slice(0, 20))} is none`, () => {
      assert.throws(() => compilePath(path), InvalidMask)
    })
})
