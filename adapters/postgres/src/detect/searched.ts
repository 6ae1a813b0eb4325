import type { CellBatch, CellSearch } from '@sluice/masking'
import type { Reply } from '../replies.ts'
import { Rewriter } from '../rewriter.ts'

/** A part of a reply, and what it becomes once all is looked at. */
export type Edit = (rewriter: Rewriter) => void

/** Adds what is to be looked at in the message `bytes[at, next)` to the batch; `undefined`: nothing. */
export type Look = (bytes: Buffer, at: number, next: number, batch: CellBatch) => Edit | undefined

/** The same messages without what is found in them, all of which are looked at together. Throws what `look` does. */
export function searched(reply: Reply, search: CellSearch, look: Look): Reply {
  const bytes = Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.length)
  const batch = search.batch()
  const edits: Edit[] = []
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + bytes.readInt32BE(at + 1)
    const edit = look(bytes, at, next, batch)
    if (edit !== undefined) edits.push(edit)
    at = next
  }
  if (edits.length === 0) return reply
  batch.settle()
  const rewriter = new Rewriter(bytes, reply)
  for (const edit of edits) edit(rewriter)
  rewriter.add(batch.masked())
  return rewriter.result()
}
