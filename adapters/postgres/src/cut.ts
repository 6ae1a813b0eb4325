import { limits, refusal, Refused, type Refusal } from '@sluice/core'
import { flush, poisonParse, poisonQuery } from './constants.ts'
import { Flight } from './flight.ts'
import { refuse } from './refuse.ts'
import { Reply } from './replies.ts'
import type { Upstream } from './upstream.ts'

const nothing = Buffer.alloc(0)

/** Where an answer is cut. */
export interface Place {
  readonly upstream: Upstream
  /** Whether nothing of another exchange was sent behind it. */
  readonly isLast: () => boolean
  /** Sends the Sync of the exchange, where that has waited. */
  readonly end: (() => Flight) | undefined
}

/** The error, then whatever the client needs to be where a server would have left it with an error of its own. */
export async function* cutAnswer(
  reason: Refusal,
  flight: Flight | undefined,
  place: Place,
): AsyncGenerator<Reply> {
  yield new Reply(refuse(reason))
  if (flight === undefined) return
  await drained(flight)
  if (flight.ready !== null) yield* readied(flight, flight.ready, place)
  else {
    if (!flight.failed && !flight.skipped) failRest(place)
    if (place.end !== undefined) yield* place.end()
  }
}

/** A statement that was done in a transaction has it fail all the same. */
async function* readied(
  { failed }: Flight,
  status: 'I' | 'T' | 'E',
  { upstream, isLast }: Place,
): AsyncGenerator<Reply> {
  if (failed || status !== 'T' || !isLast()) return yield new Reply(readyForQuery(status))
  upstream.send(poisonQuery)
  const poisoned = new Flight([{ kind: 'query', instead: nothing }])
  upstream.launch(poisoned)
  yield* poisoned
}

/** The client now waits for its Sync to be answered, so the server must skip to it too. */
function failRest({ upstream, isLast }: Place): void {
  if (!isLast()) throw new Refused(tornPipeline)
  upstream.send(poisonParse)
  upstream.send(flush)
  upstream.launch(new Flight([{ kind: 'parse', instead: nothing }]))
}

const tornPipeline = refusal(
  'internal',
  'adapter/pipeline',
  'The answer was cut in the middle of a pipeline. Connect again.',
)

function readyForQuery(status: 'I' | 'T' | 'E'): Buffer {
  return Buffer.from([0x5a, 0, 0, 0, 5, status.charCodeAt(0)])
}

/** Takes what is left of an answer. A server that does not end it in time is given up. */
async function drained(flight: Flight): Promise<void> {
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), limits.cancelWaitMs)
  try {
    for (;;) {
      const next = await Promise.race([flight.next(), late.promise])
      if (next === 'late') throw new Refused(tornPipeline)
      if (next.done === true) return
    }
  } finally {
    clearTimeout(timer)
  }
}
