import { abandon, unrecorded } from './abandon.ts'
import type { Outcome, Shown } from './adapter.ts'
import { Deadline, exceeded, type Size } from './bounds.ts'
import { Capture } from './capture.ts'
import { decide, evolve } from './decider.ts'
import { refusal, refusalOf, type Refusal } from './errors.ts'
import type { MaskCount } from './events.ts'
import type { Entry, LaneContext } from './lane.ts'
import { limits } from './limits.ts'
import type { Ahead, Settled } from './enforce.ts'
import { spent } from './usage.ts'
import { answerRule, worded } from './wording.ts'

/**
 * Station 7 and the end of an exchange: waits for its decision where that is not durable yet, masks the answer as it
 * streams, shows it, records what was shown. Runs when it is this exchange's turn in the lane. Never rejects: what
 * goes wrong cuts the answer in the protocol's own form.
 */
export async function deliver<Up, Down, Plan>(
  place: Settled<Up, Down, Plan>,
  lane: LaneContext,
): Promise<Outcome> {
  const { entry } = place
  if (place.kind !== 'allowed') return unperformed(entry, place.kind, lane)
  const answer = new Answer(lane, entry.id)
  let outcome: Outcome
  const { limits } = place.ruling
  using deadline = limits.timeout_ms === null ? undefined : new Deadline(limits.timeout_ms, entry.stop, lane)
  const lost = place.ahead === undefined ? undefined : await undecided(place, place.ahead, lane)
  if (lost !== undefined) return takeBack(place, lost, answer)
  try {
    outcome = await stream(place, answer, deadline)
  } catch (error) {
    const reason = worded(deadline?.passed ?? refusalOf(error), place.permit.decision)
    outcome = await cut(entry, reason, answer)
    if (reason.code === 'internal') lane.end(reason)
  }
  complete(entry, outcome, answer, lane)
  return outcome
}

/** Why the answer of what was performed meanwhile must not be shown: its decision is not in the log, or may not be. */
async function undecided<Up, Down, Plan>(
  { entry, permit }: Settled<Up, Down, Plan> & { kind: 'allowed' },
  ahead: Ahead,
  lane: LaneContext,
): Promise<Refusal | undefined> {
  try {
    await ahead.durable
    if (lane.live()) return undefined
    abandon(entry, 'the lease of the gateway had lapsed', lane)
    return worded(withheldAnswer, permit.decision)
  } catch (error) {
    unrecorded(entry, error, lane)
    return worded(withheldAnswer, null)
  }
}

/** A target that has answered a whole batch cannot be brought to where a refusal of it would have left it. */
async function takeBack<Up, Down, Plan>(
  { entry, ahead }: Settled<Up, Down, Plan> & { kind: 'allowed' },
  reason: Refusal,
  answer: Answer,
): Promise<Outcome> {
  if (ahead?.alone === true) return cut(entry, reason, answer)
  answer.lane.end(reason)
  return { outcome: 'cut', status: reason.code }
}

const withheldAnswer = refusal('log_unavailable', answerRule, 'The decision could not be recorded in time.')

/** A refusal or a skipped exchange: nothing was performed, the caller reads the adapter's own messages. */
async function unperformed<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  kind: 'refused' | 'skipped',
  lane: LaneContext,
): Promise<Outcome> {
  try {
    for await (const item of entry.replies) await entry.exchange.reply(item)
  } catch (error) {
    lane.end(refusalOf(error))
  }
  lane.count(kind === 'refused' ? { denied: 1 } : {})
  return { outcome: kind, status: null }
}

async function stream<Up, Down, Plan>(
  { entry, ruling, permit }: Settled<Up, Down, Plan> & { kind: 'allowed' },
  answer: Answer,
  deadline: Deadline | undefined,
): Promise<Outcome> {
  const { exchange } = entry
  const masked = exchange.mask(entry.replies, ruling.plan)
  let outcome: Outcome = { outcome: 'completed', status: null }
  for await (const shown of deadline === undefined ? masked : until(deadline, masked)) {
    entry.passage?.arrive('mask')
    const beyond = deadline?.passed ?? exceeded(ruling.limits, answer.with(shown))
    if (beyond !== undefined) return cut(entry, worded(beyond, permit.decision), answer)
    answer.count(shown)
    const room = answer.capture.add(shown.record)
    if (room !== undefined) await room
    if (shown.flush === 'now') answer.capture.end()
    else if (shown.flush === 'soon') answer.leaveSoon()
    const drained = exchange.reply(shown.item)
    if (drained !== undefined) await (deadline === undefined ? drained : deadline.within(drained))
    if (shown.end !== undefined) outcome = shown.end
  }
  if (deadline?.passed !== undefined) return cut(entry, worded(deadline.passed, permit.decision), answer)
  return outcome
}

/** What comes in time: a target need not heed that it is told to stop. */
async function* until<Item>(deadline: Deadline, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const source = items[Symbol.asyncIterator]()
  for (;;) {
    const next = await deadline.within(source.next())
    if (next === undefined || next.done === true) return
    yield next.value
  }
}

/** What is left of the answer is replaced by the refusal. */
async function cut<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  reason: Refusal,
  answer: Answer,
): Promise<Outcome> {
  entry.passage?.refused(reason.code)
  entry.stop.request('limit')
  try {
    for await (const item of entry.exchange.refuse(reason, 'during')) await entry.exchange.reply(item)
  } catch (error) {
    answer.lane.end(refusalOf(error))
  }
  return { outcome: 'cut', status: isOfLimits(reason) ? reason.rule : reason.code }
}

/** Which of its limits an answer exceeded is told in the record. */
function isOfLimits({ rule }: Refusal): boolean {
  return rule.startsWith('policy/limit_')
}

function complete<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  outcome: Outcome,
  answer: Answer,
  lane: LaneContext,
): void {
  const usage = entry.exchange.usage?.() ?? null
  const bodies = decide(
    {
      kind: 'complete',
      answer: answer.rest(),
      completed: {
        session: lane.session,
        exchange: entry.id,
        outcome: outcome.outcome === 'refused' ? 'cut' : outcome.outcome,
        status: outcome.status,
        rows: answer.rows,
        bytes: answer.shownBytes,
        masked: answer.masked(),
        chunks: answer.capture.chunks,
        micros: Math.round((lane.monotonic() - entry.startedMs) * 1000),
        usage,
      },
    },
    entry.state,
  )
  for (const body of bodies) entry.state = evolve(entry.state, body)
  lane.count({ rows: answer.rows, bytes: answer.shownBytes, ...spent(usage) })
  entry.passage?.shown(answer.rows, answer.shownBytes)
  lane.appendSoon(...bodies)
}

function bytesOf<Item>({ counted, record }: Shown<Item>): number {
  return counted ?? record.length
}

/** What has been shown so far of one answer. */
class Answer {
  rows = 0
  shownBytes = 0
  readonly capture: Capture
  readonly lane: LaneContext
  #masked: Map<string, MaskCount> | undefined
  #leaving: Disposable | undefined

  constructor(lane: LaneContext, exchange: string) {
    this.lane = lane
    const of = { session: lane.session, exchange, direction: 'response' } as const
    this.capture = new Capture(of, (body) => lane.append([body], 'soon'))
  }

  /** How large it will be with that. */
  with<Down>(shown: Shown<Down>): Size {
    return { rows: this.rows + shown.rows, bytes: this.shownBytes + bytesOf(shown) }
  }

  count<Down>(shown: Shown<Down>): void {
    this.rows += shown.rows
    this.shownBytes += bytesOf(shown)
    for (const hit of shown.masked) this.#add(hit)
  }

  masked(): readonly MaskCount[] {
    return this.#masked === undefined ? [] : [...this.#masked.values()]
  }

  /** What is held leaves for the log soon, also where nothing more comes. */
  leaveSoon(): void {
    this.#leaving ??= this.lane.after(limits.recordLiveMs, () => {
      this.#leaving = undefined
      this.capture.end()
    })
  }

  /** A recording that the log refused has already cut the answer: what is lost is lost, and the outcome says cut. */
  rest(): Uint8Array | undefined {
    this.#leaving?.[Symbol.dispose]()
    try {
      return this.capture.rest()
    } catch {
      return undefined
    }
  }

  #add(hit: MaskCount): void {
    this.#masked ??= new Map()
    const key = `${hit.column}/${hit.method}`
    const known = this.#masked.get(key)
    this.#masked.set(key, known === undefined ? hit : { ...hit, values: known.values + hit.values })
  }
}
