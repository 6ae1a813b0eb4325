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
  const maskers =
    plan === null
      ? undefined
      : { stdout: streamMasker(plan, pseudonyms), stderr: streamMasker(plan, pseudonyms) }
  try {
    for await (const reply of replies) {
      if (!('bytes' in reply)) {
        if (maskers !== undefined) yield* lastOf(maskers, recorder)
        yield ended(reply, recorder)
      } else if (maskers === undefined) yield shown(reply, recorder)
      else if (reply.bytes.length === 0) yield* flushed(reply.kind, maskers[reply.kind], recorder)
      else yield* visible(reply.kind, maskers[reply.kind].push(reply.bytes), recorder)
    }
  } catch (error) {
    throw error instanceof Undecodable ? new Refused(unreadable, { cause: error }) : error
  }
}

function* lastOf(
  maskers: Readonly<Record<Output['kind'], StreamMasker>>,
  recorder: Recorder,
): Generator<Shown<Reply>> {
  for (const kind of ['stdout', 'stderr'] as const) yield* visible(kind, maskers[kind].end(), recorder)
}

/** A terminal at which nothing moves: somebody waits for what is held back. */
function* flushed(kind: Output['kind'], masker: StreamMasker, recorder: Recorder): Generator<Shown<Reply>> {
  yield* visible(kind, masker.flush(), recorder)
}

function* visible(kind: Output['kind'], piece: MaskedPiece, recorder: Recorder): Generator<Shown<Reply>> {
  if (piece.bytes.length > 0 || piece.masked.length > 0)
    yield shown({ kind, bytes: piece.bytes }, recorder, piece.masked)
}

function shown(reply: Output, recorder: Recorder, hidden: readonly MaskCount[] = []): Shown<Reply> {
  const counts = hidden.map((count) => ({ ...count, column: `${reply.kind}:${count.column}` }))
  return { item: reply, record: recorder.output(reply.kind, reply.bytes), rows: 0, masked: counts }
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
