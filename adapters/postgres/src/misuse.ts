import { refusal, type Refusal } from '@sluice/core'
import type { ColumnMask, HidingRule } from './column-mask.ts'
import type { ColumnUse, Doubt } from './statement.ts'

/** Why a masked column must not be used so; `isListed`: the outputs of the statement can be told one by one. */
export function misuse(use: ColumnUse, mask: ColumnMask, isListed: boolean): Refusal | undefined {
  const why = objection(use.place, mask, isListed)
  return typeof why === 'string' ? refused(mask, why, use.doubt) : why
}

/** Its own refusal, or what the column does or cannot be. */
function objection(
  place: ColumnUse['place'],
  mask: ColumnMask,
  isListed: boolean,
): Refusal | string | undefined {
  const { rule } = mask
  switch (place) {
    case 'output':
      return mask.objection
    case 'equality':
      return rule.predicates === 'refuse' ? 'cannot be used in conditions' : undefined
    case 'presence':
      return hidesPresence(rule) ? 'does not tell where it has no value' : undefined
    case 'derived':
      if (rule.derived !== 'mask') return 'cannot be computed with'
      return isListed ? undefined : unlisted
    case 'predicate':
      return rule.predicates === 'allow' || rule.predicates === 'budget' ? undefined : telling
    case 'moved':
      return rule.moves === 'allow' ? undefined : 'cannot be written to where it would be clear'
    case 'elsewhere':
      return 'cannot be used here'
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

function refused({ column, rule }: ColumnMask, why: string, doubt: Doubt | undefined): Refusal {
  const message =
    doubt === undefined
      ? `Column ${shown(column)} is masked: it ${why}. It can be ${ways(rule).join(', ')}`
      : `${instead[doubt]} ${shown(column)}, which is masked`
  return refusal('denied', rule.rule, message)
}

/** What to write where another column is meant, which may be gone by then. */
const instead: Readonly<Record<Doubt, string>> = {
  name: 'Write the table before each name: one without may come to mean',
  place: 'Write the columns for * and for numbers: a place among them may come to be that of',
  call: 'Write the column without its table: by then it may call a function of the row, and so of',
  natural: 'Write JOIN … USING for NATURAL, which by then may compare',
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
