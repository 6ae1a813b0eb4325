import { refusal, type Obliged, type Refusal } from '@sluice/core'
import type { MaskPlan, Statement } from '../statement.ts'
import { closedWorldRule } from '../walk/objection.ts'
import { copiedQuery } from './query.ts'

/**
 * A plan under which masks apply, also for a COPY TO: it must stand alone in its message, so that nothing changes
 * between the question what it hands out and the COPY, and be read whole.
 */
export function withCopy(plan: MaskPlan, statements: readonly Statement[], text: string): Obliged<MaskPlan> {
  const copy = statements.find(({ effect }) => effect.kind === 'copy_out')
  if (copy?.effect.kind !== 'copy_out') return { kind: 'plan', plan }
  const { copied } = copy.effect
  if (statements.length > 1) return refused(notAlone)
  if (copied === null) return refused(unreadable)
  const query = copiedQuery(text, copied)
  if (query === null) return refused(untold)
  return { kind: 'plan', plan: { ...plan, copy: { query, format: copied.format } } }
}

function refused(reason: Refusal): Obliged<MaskPlan> {
  return { kind: 'refused', refusal: reason }
}

const closed = (why: string): Refusal => refusal('denied', closedWorldRule, why)
const notAlone = closed('COPY of a table with masked columns must be the only statement of its message')
const unreadable = closed(
  'COPY under masks takes FORMAT, DELIMITER, HEADER, in CSV NULL, QUOTE, ESCAPE, FORCE_QUOTE too, each once; in text leave NULL as it is',
)
const untold = closed(
  'The query in this COPY cannot be told apart, and its table has masked columns: write it shorter and begin with COPY (',
)
