import { refusal, type Refusal } from '@sluice/core'
import type { ColumnMask, HidingRule } from './column-mask.ts'
import type { ColumnUse } from './statement.ts'

/** Why a masked column must not be used so; `isListed`: the outputs of the statement can be told one by one. */
export function misuse(place: ColumnUse['place'], mask: ColumnMask, isListed: boolean): Refusal | undefined {
  const { rule } = mask
  switch (place) {
    case 'output':
      return mask.objection
    case 'equality':
      return rule.predicates === 'refuse' ? refused(mask, 'cannot be used in conditions') : undefined
    case 'presence':
      return hidesPresence(rule) ? refused(mask, 'does not tell where it has no value') : undefined
    case 'derived':
      if (rule.derived !== 'mask') return refused(mask, 'cannot be computed with')
      return isListed ? undefined : refused(mask, unlisted)
    case 'predicate':
      return rule.predicates === 'allow' || rule.predicates === 'budget' ? undefined : refused(mask, telling)
    case 'moved':
      return rule.moves === 'allow'
        ? undefined
        : refused(mask, 'cannot be written to where it would be clear')
    case 'elsewhere':
      return refused(mask, 'cannot be used here')
  }
}

/** Whether that use of a masked column is one of those that the policy counts. */
export function isCounted(place: ColumnUse['place'], { rule }: ColumnMask): boolean {
  return rule.predicates === 'budget' && (place === 'predicate' || place === 'equality')
}

/** What shows NULL for every value does not tell where there is none. */
function hidesPresence({ method }: HidingRule): boolean {
  return method === 'null'
}

const telling = 'tells of itself in conditions, joins, orders, groups and what may fail by it'
const unlisted = 'can be computed with only where every output column is named'

function refused(mask: ColumnMask, why: string): Refusal {
  const { column, rule } = mask
  const message = `Column ${shown(column)} is masked: it ${why}. It can be ${ways(rule).join(', ')}`
  return refusal('denied', rule.rule, message)
}

function ways({ method, derived, predicates }: HidingRule): readonly string[] {
  return [
    'selected as it is',
    ...(predicates === 'refuse' ? [] : ['compared with = to a value']),
    ...(method === 'null' ? [] : ['counted', 'asked for IS NULL']),
    ...(derived === 'mask' ? ['part of a masked expression'] : []),
  ]
}

/** `customers.ssn`, with its schema where that is not `public`. */
function shown(column: string): string {
  return column.startsWith('public.') ? column.slice('public.'.length) : column
}
