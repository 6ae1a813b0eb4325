import { refusal, Refused, type MaskCount, type Pseudonyms, type Shown } from '@sluice/core'
import { streamMasker, Undecodable, type MaskedPiece, type StreamMasker } from '@sluice/masking'
import type { MaskPlan } from './obligations.ts'
import type { Recorder } from './recorder.ts'
import type { Ending, Output, Reply } from './replies.ts'

export interface MaskContext {
  readonly plan: MaskPlan
  readonly pseudonyms: Pseudonyms | undefined
  /** Writes down what the caller sees. */
  readonly recorder: Recorder
}

/** Station 7: what the caller may see of an answer, as it streams. Each stream is looked at for itself. */
export async function* masked(
  replies: AsyncIterable<Reply>,
  { plan, pseudonyms, recorder }: MaskContext,
): AsyncGenerator<Shown<Reply>> {
  const maskers = new Map(
    plan?.streams.map((kind) => [kind, streamMasker(plan.rules, pseudonyms)] as const) ?? [],
  )
  try {
    for await (const reply of replies) {
      if (reply.kind === 'eof') yield { item: reply, record: nothing, rows: 0, masked: [] }
      else if (!('bytes' in reply)) {
        for (const [kind, masker] of maskers) yield* visible(kind, masker.end(), recorder)
        yield ended(reply, recorder)
      } else {
        const masker = maskers.get(reply.kind)
        if (reply.bytes.length === 0) yield* paused(reply, masker, recorder)
        else if (masker === undefined) yield shown(reply, recorder)
        else yield* visible(reply.kind, masker.push(reply.bytes), recorder)
      }
    }
  } catch (error) {
    throw error instanceof Undecodable ? new Refused(unreadable, { cause: error }) : error
  }
}

/** A terminal at which nothing moves: somebody waits for what is held back, or looks on. */
function* paused(
  reply: Output,
  masker: StreamMasker | undefined,
  recorder: Recorder,
): Generator<Shown<Reply>> {
  if (masker !== undefined) yield* visible(reply.kind, masker.flush(), recorder)
  if (recorder.paused()) yield { item: reply, record: reply.bytes, rows: 0, masked: [], flush: 'now' }
}

function* visible(kind: Output['kind'], piece: MaskedPiece, recorder: Recorder): Generator<Shown<Reply>> {
  if (piece.bytes.length > 0 || piece.masked.length > 0)
    yield shown({ kind, bytes: piece.bytes }, recorder, piece.masked)
}

function shown(reply: Output, recorder: Recorder, hidden: readonly MaskCount[] = []): Shown<Reply> {
  const counts = hidden.map((count) => ({ ...count, column: `${reply.kind}:${count.column}` }))
  const record = recorder.output(reply.kind, reply.bytes)
  const seen = { item: reply, record, rows: 0, masked: counts }
  return recorder.live ? { ...seen, flush: 'soon' } : seen
}

function ended(reply: Ending, recorder: Recorder): Shown<Reply> {
  return {
    item: reply,
    record: recorder.end(reply),
    rows: 0,
    masked: [],
    end: { outcome: reply.kind === 'closed' ? 'failed' : 'completed', status: statusOf(reply) },
  }
}

const nothing = Buffer.alloc(0)

/** As it is recorded: the exit status, the signal's name, or nothing where the target said nothing. */
function statusOf(reply: Ending): string | null {
  if (reply.kind === 'exit') return String(reply.status)
  return reply.kind === 'signal' ? `SIG${reply.name}` : null
}

const unreadable = refusal(
  'denied',
  'ssh/undecodable',
  'What the command writes must be masked here, and goes on without a place where it could be cut. It was stopped.',
)
