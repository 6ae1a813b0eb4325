import { isBounded, type Obliged, type Verdict } from '@sluice/core'
import type { Message, Parts } from './exchange.ts'
import { endOf, Reply } from './replies.ts'
import type { MaskPlan } from './statement.ts'

/** Says in a plan that its answer may be cut for its size or its time. */
export function withLimits(obliged: Obliged<MaskPlan>, verdicts: readonly Verdict[]): Obliged<MaskPlan> {
  if (obliged.kind === 'refused' || !verdicts.some((verdict) => isBounded(verdict.limits))) return obliged
  return { kind: 'plan', plan: { ...obliged.plan, limited: true } }
}

/**
 * The Sync of an exchange whose answer may be cut, which waits until that has passed: a Sync ends the transaction, and what
 * is cut must be undone as it is by an error. One behind COPY data is the client's to send.
 */
export function owedSync({ messages, poison, copy }: Parts, { limited }: MaskPlan): Message | undefined {
  const last = messages.at(-1)
  const waits = limited === true && poison !== 'query' && copy === undefined && messages.length > 1
  return waits && last?.expected.kind === 'sync' ? last : undefined
}

/** An answer, then the end of its batch. That it failed stays so. */
export async function* followed(
  answer: AsyncIterable<Reply>,
  then: () => AsyncIterable<Reply>,
): AsyncGenerator<Reply> {
  let failed = false
  for await (const reply of answer) {
    failed ||= endOf(reply)?.outcome !== 'completed' && endOf(reply) !== undefined
    yield reply
  }
  for await (const reply of then()) {
    const { bytes, record, rows, masked } = reply
    yield failed ? new Reply(bytes, record, rows, masked) : reply
  }
}
