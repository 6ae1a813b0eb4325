import { test } from 'node:test'
import assert from 'node:assert/strict'
import { requirementOf } from './requirement.ts'
import { denial, type MaskRule, type Verdict } from './verdict.ts'

function mask(column: string, method: MaskRule['method'] = 'stars'): MaskRule {
  return { relation: 'public.customers', column, method, rule: 'm' }
}

function verdict(effect: Verdict['effect'], masks: readonly MaskRule[] = [], rule = 'r'): Verdict {
  const approval =
    effect === 'hold'
      ? ({ approvers: ['dba', rule], quorum: 1, expires_s: 60, hold_s: 10, scope: 'once' } as const)
      : null
  return { ...denial(rule, `says ${rule}`), effect, mask: masks, approval }
}

test('nothing is asked for where nothing is held', () => {
  assert.equal(requirementOf([verdict('allow', [mask('ssn')])]), undefined)
})

test('what any verdict of the request hides is known to whoever shows it to people', () => {
  const requirement = requirementOf([
    verdict('hold', [mask('ssn'), mask('name', 'none')], 'one'),
    verdict('allow', [mask('card'), mask('ssn', 'last4')]),
  ])
  assert.deepEqual(requirement?.masked, ['public.customers.ssn', 'public.customers.card'])
})

test('several holds are one approval that satisfies each of them', () => {
  const requirement = requirementOf([verdict('hold', [], 'b'), verdict('hold', [], 'a')])
  assert.deepEqual(requirement?.approval.approvers, ['dba'])
  assert.equal(requirement?.rule, 'a b')
  assert.equal(requirement?.message, 'says b')
})
