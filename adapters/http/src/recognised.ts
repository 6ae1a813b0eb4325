import { RecogniserFailed, refusal, Refused, type Stop, type StopReason } from '@sluice/core'
import { recognisedBytesMax } from '@sluice/masking'
import { stopped } from './flight.ts'
import { Gathering } from './gathering.ts'
import type { Reply } from './replies.ts'

/** Of which message nothing has left yet that must be looked into by a recogniser. */
export type Side = 'request' | 'answer'

/** What asks recognisers, as long as its exchange goes on. Rejects with `Refused`. */
export async function asking<Result>(
  side: Side,
  stop: Stop<StopReason>,
  ask: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  using _watch = stop.on(() => over.abort())
  try {
    return await ask(over.signal)
  } catch (error) {
    if (stop.requested !== undefined) throw stopped[stop.requested]
    if (error instanceof RecogniserFailed) throw unrecognised(side, error)
    throw error
  } finally {
    over.abort()
  }
}

/** An answer that was performed is not had by asking again, which would perform it once more. */
const outcomes: { readonly [Of in Side]: string } = {
  request: 'It was not sent: try again later.',
  answer: 'The target has performed the request, and its answer was withheld.',
}

function unrecognised(side: Side, cause: RecogniserFailed): Refused {
  const why = `What must be hidden in the ${side} could not be looked for: ${cause.message}. ${outcomes[side]}`
  return new Refused(refusal('recogniser_unavailable', 'http/recogniser', why), { cause })
}

/** All of an answer, its data as one piece. Throws `Refused` when that is too large; `seen` is told of each piece at once. */
export async function gathered(
  replies: AsyncIterable<Reply>,
  seen: (reply: Reply) => void,
): Promise<readonly Reply[]> {
  const before: Reply[] = []
  const body = new Gathering()
  for await (const reply of replies) {
    seen(reply)
    if (reply.kind === 'head') before.push(reply)
    else if (reply.kind === 'end')
      return [
        ...before,
        ...(body.length === 0 ? [] : [{ kind: 'data', bytes: body.whole() } as const]),
        reply,
      ]
    else {
      if (body.length + reply.bytes.length > recognisedBytesMax) throw new Refused(tooLarge)
      body.add(reply.bytes)
    }
  }
  throw new Refused(torn)
}

const tooLarge = refusal(
  'denied',
  'http/undecodable',
  `The answer must be looked into here as a whole, and it has more than ${recognisedBytesMax} bytes. It was withheld.`,
)
const torn = refusal('target_unreachable', 'http/upstream', 'The answer of the target has no end.')
