import type { Shown } from '@sluice/core'
import type { Reply } from './replies.ts'
import { frame } from './recorded-frames.ts'

/** Station 7: what the caller may see of an answer, as it streams. */
export async function* masked(replies: AsyncIterable<Reply>): AsyncGenerator<Shown<Reply>> {
  for await (const reply of replies) yield shown(reply)
}

function shown(reply: Reply): Shown<Reply> {
  const nothing = { rows: 0, masked: [] }
  switch (reply.kind) {
    case 'stdout':
    case 'stderr':
      return { item: reply, record: frame(reply.kind, reply.bytes), ...nothing }
    case 'exit':
    case 'signal':
    case 'closed':
      return {
        item: reply,
        record: frame('end', JSON.stringify(reply)),
        ...nothing,
        end: { outcome: reply.kind === 'closed' ? 'failed' : 'completed', status: statusOf(reply) },
      }
  }
}

/** As it is recorded: the exit status, the signal's name, or nothing where the target said nothing. */
function statusOf(reply: Reply & { kind: 'exit' | 'signal' | 'closed' }): string | null {
  if (reply.kind === 'exit') return String(reply.status)
  return reply.kind === 'signal' ? `SIG${reply.name}` : null
}
