import type { Outcome } from './adapter.ts'
import { unrecorded, withdraw, withhold } from './abandon.ts'
import { alarmRecord, alarmsOf } from './alarm.ts'
import { refusal, type Refusal } from './errors.ts'
import { digest, mint, type Permit } from './permit.ts'
import { judge, objected, type Ruling } from './judge.ts'
import { decide, evolve } from './decider.ts'
import { deliver } from './deliver.ts'
import { hold } from './hold.ts'
import { requestRecord, decisionRecord } from './record.ts'
import type { Requirement } from './requirement.ts'
import { worded } from './wording.ts'
import type { Moment } from './ports.ts'
import { isBounded } from './verdict.ts'
import type { Entry, LaneContext } from './lane.ts'
import type { EventBody } from './decider.ts'

/**
 * THE pipeline. One batch of a lane, in order: judge each, make requests and decisions durable in one append (or only
 * count them, where nothing is performed and there are too many; or perform them meanwhile, where that leaves nothing
 * behind), let people decide where the policy asks for them, forward what has a Permit, and answer. There are no
 * hooks: a new step is a line here.
 */
export async function enforce<Up, Down, Plan>(
  batch: readonly Entry<Up, Down, Plan>[],
  atomic: boolean,
  lane: LaneContext,
  answer: InOrder<Up, Down, Plan>,
): Promise<void> {
  let failed = false
  let rest: readonly Entry<Up, Down, Plan>[] = batch
  while (rest.length > 0) {
    const judged: readonly Judged<Up, Down, Plan>[] = await judgeUntilAwaited(rest, atomic, failed, lane)
    const places: readonly Permitted<Up, Down, Plan>[] =
      count(judged, lane) ?? overlap(judged, lane) ?? (await record(judged, lane))
    failed = perform(places, lane, answer) || failed
    let last = places[places.length - 1]
    if (last?.kind === 'held') {
      last = await wait<Up, Down, Plan>(last, lane)
      failed = perform([last], lane, answer) || failed
    }
    if (mayBeCut(last)) failed = (await isCut(last)) || failed
    rest = rest.slice(judged.length)
  }
}

/** Stations 6 and 7 of what is settled. Whether anything was refused. */
function perform<Up, Down, Plan>(
  places: readonly Permitted<Up, Down, Plan>[],
  lane: LaneContext,
  answer: InOrder<Up, Down, Plan>,
): boolean {
  const settled = places
    .filter((place) => place.kind !== 'held')
    .map((place) => withdraw(place, lane))
    .map((place) => withhold(place, lane))
  for (const place of settled) takePlaceUpstream(place)
  for (const place of settled) answer(place.entry, () => deliver(place, lane))
  return settled.some(({ kind }) => kind === 'refused')
}

/**
 * An answer that may be cut is waited for: nothing behind it is under way, so that the cut can leave the target where an
 * error of its own would have.
 */
async function isCut<Up, Down, Plan>({ entry }: Permitted<Up, Down, Plan>): Promise<boolean> {
  return (await entry.done.promise).outcome === 'cut'
}

function mayBeCut<Up, Down, Plan>(
  place: Permitted<Up, Down, Plan> | undefined,
): place is Settled<Up, Down, Plan> & { kind: 'allowed' } {
  return place?.kind === 'allowed' && isBounded(place.ruling.limits)
}

/** Runs `turn` when the answers before it are done, and settles the entry with its outcome. */
export type InOrder<Up, Down, Plan> = (entry: Entry<Up, Down, Plan>, turn: () => Promise<Outcome>) => void

type Judged<Up, Down, Plan> = {
  readonly entry: Entry<Up, Down, Plan>
  readonly contentDigest: string
} & (
  | {
      readonly kind: 'ruled'
      readonly ruling: Ruling<Plan>
      readonly decision: string
      readonly moment: Moment
    }
  | { readonly kind: 'skipped' }
)

/** What the log holds an allowing decision of, or refuses, or leaves to people. */
type Permitted<Up, Down, Plan> = Settled<Up, Down, Plan> | Held<Up, Down, Plan>

/** An exchange that waits for people. */
export interface Held<Up, Down, Plan> {
  readonly kind: 'held'
  readonly entry: Entry<Up, Down, Plan>
  readonly contentDigest: string
  readonly requirement: Requirement
}

/** An exchange whose fate is settled: with a Permit, with a refusal, or skipped. */
export type Settled<Up, Down, Plan> = { readonly entry: Entry<Up, Down, Plan> } & (
  | {
      readonly kind: 'allowed'
      readonly permit: Permit
      readonly ruling: Ruling<Plan> & { kind: 'allowed' }
      readonly ahead?: Ahead
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'skipped' }
)

/** It is performed while its decision is on its way into the log: the answer waits for that. */
export interface Ahead {
  /** Rejects when the log does not take the decision in time. */
  readonly durable: Promise<unknown>
  /** Nothing else of its unit travels with it, so that its answer can be taken back alone. */
  readonly alone: boolean
}

/**
 * Station 4. An exchange is judged once the verdict of the one before it is known, not once it is done; so one that
 * waits for people, or that others wait for, is the last one that is judged for now.
 */
async function judgeUntilAwaited<Up, Down, Plan>(
  batch: readonly Entry<Up, Down, Plan>[],
  atomic: boolean,
  failed: boolean,
  lane: LaneContext,
): Promise<readonly Judged<Up, Down, Plan>[]> {
  const judged: Judged<Up, Down, Plan>[] = []
  let skipping = atomic && failed
  for (const entry of batch) {
    const contentDigest = digest(entry.exchange.content)
    if (skipping) {
      judged.push({ kind: 'skipped', entry, contentDigest })
      continue
    }
    entry.passage?.arrive('evaluate')
    const moment = lane.moment()
    const ruling =
      lane.unusable() ??
      lane.tooOften(entry.exchange.actions.length) ??
      judge(entry.exchange, lane.pdp, (action) =>
        lane.input(entry.id, action, entry.exchange.values, noApprovals, moment),
      )
    const settled = affordable(patient(ruling instanceof Promise ? await ruling : ruling, lane), lane)
    entry.passage?.judged(settled)
    entry.passage?.arrive('lane')
    judged.push({
      kind: 'ruled',
      entry,
      contentDigest,
      ruling: settled,
      decision: lane.ids.next('dec'),
      moment,
    })
    if (settled.kind === 'held' || (settled.kind === 'allowed' && isBounded(settled.limits))) break
    skipping = atomic && settled.kind === 'refused'
  }
  return judged
}

/** A wait leaves several events in the log, so whose waits come to nothing again and again is not let wait for a while. */
function patient<Plan>(ruling: Ruling<Plan>, lane: LaneContext): Ruling<Plan> {
  return ruling.kind === 'held' && !lane.mayWait() ? objected(tooManyWaits, ruling.revision) : ruling
}

/** What people approve is not asked again, so it spends nothing. */
function affordable<Plan>(ruling: Ruling<Plan>, lane: LaneContext): Ruling<Plan> {
  return (ruling.kind === 'allowed' ? lane.asksTooMuch(ruling.conditions) : undefined) ?? ruling
}

const tooManyWaits = refusal(
  'too_many',
  'sluice/holds',
  'Too many requests of yours waited for an approval in vain. Nothing was executed. Try again later.',
)

async function wait<Up, Down, Plan>(
  held: Held<Up, Down, Plan>,
  lane: LaneContext,
): Promise<Settled<Up, Down, Plan>> {
  const place = await hold(held, lane)
  if (place.kind === 'refused') lane.waitedInVain(contentOf(held.entry).length)
  return place
}

/** Frozen, as everything is that a cached decision is found by. */
const noApprovals: readonly never[] = Object.freeze([])

/**
 * A unit of which nothing is performed need not be durable: beyond what its subject may have recorded it is only
 * counted. `undefined`: it is recorded, as each unit is that has an exchange which is allowed or held.
 */
function count<Up, Down, Plan>(
  judged: readonly Judged<Up, Down, Plan>[],
  lane: LaneContext,
): readonly Permitted<Up, Down, Plan>[] | undefined {
  if (!judged.every(isRefusing)) return undefined
  if (lane.spendOnDenials(judged.map(({ entry }) => contentOf(entry).length))) return undefined
  return judged.map((item) => {
    const { entry } = item
    const reference = lane.countDenial(entry.id, item.kind === 'skipped' ? null : item.ruling.rule)
    if (item.kind === 'skipped') return { kind: 'skipped', entry }
    return { kind: 'refused', entry, refusal: worded(item.ruling.refusal, reference) }
  })
}

type Refusing<Up, Down, Plan> = Judged<Up, Down, Plan> &
  ({ readonly kind: 'ruled'; readonly ruling: { readonly kind: 'refused' } } | { readonly kind: 'skipped' })

function isRefusing<Up, Down, Plan>(item: Judged<Up, Down, Plan>): item is Refusing<Up, Down, Plan> {
  return item.kind === 'skipped' || item.ruling.kind === 'refused'
}

/**
 * Stations 5 and 6 at once: what leaves nothing behind is under way while its decision becomes durable, and its answer
 * waits for that. `undefined`: something of the unit has to wait itself, and so does all of it, to leave in order.
 */
function overlap<Up, Down, Plan>(
  judged: readonly Judged<Up, Down, Plan>[],
  lane: LaneContext,
): readonly Permitted<Up, Down, Plan>[] | undefined {
  if (!judged.every(overlaps) || !lane.logged()) return undefined
  const bodies = judged.flatMap((item) => recorded(item, lane))
  for (const { entry } of judged) entry.passage?.arrive('append')
  const durable = lane.append(bodies, 'now')
  // Who delivers the answer hears of it: nobody else has to.
  durable.catch(() => {})
  const ahead = { durable, alone: judged.length === 1 }
  return judged.map((item) => {
    const place = permit(item, lane)
    return place.kind === 'allowed' ? { ...place, ahead } : place
  })
}

function overlaps<Up, Down, Plan>(item: Judged<Up, Down, Plan>): boolean {
  if (item.kind === 'skipped' || item.ruling.kind !== 'allowed') return false
  return item.entry.exchange.overlaps === true && alarmsOf(item.ruling.verdicts).length === 0
}

/**
 * Station 5. One append for the whole batch; only its ack mints Permits. When it fails, nothing of the batch is
 * performed, not even what was denied anyway: no record, no access.
 */
async function record<Up, Down, Plan>(
  judged: readonly Judged<Up, Down, Plan>[],
  lane: LaneContext,
): Promise<readonly Permitted<Up, Down, Plan>[]> {
  const bodies = judged.flatMap((item) => recorded(item, lane))
  for (const { entry } of judged) entry.passage?.arrive('append')
  try {
    await lane.append(bodies, 'now')
    for (const item of judged) if (item.kind === 'ruled') await raiseAlarms(item, lane)
  } catch (error) {
    return judged.map(({ kind, entry }) =>
      kind === 'skipped' ? { kind, entry } : unrecorded(entry, error, lane),
    )
  }
  return judged.map((item) => permit(item, lane))
}

/** What people must hear of is in the control stream before it is performed. */
export async function raiseAlarms<Up, Down, Plan>(
  {
    entry,
    ruling,
    decision,
  }: Pick<Judged<Up, Down, Plan> & { kind: 'ruled' }, 'entry' | 'ruling' | 'decision'>,
  lane: LaneContext,
): Promise<void> {
  if (ruling.kind !== 'allowed') return
  const alarms = alarmsOf(ruling.verdicts)
  if (alarms.length > 0) await lane.raise(alarmRecord(entry, decision, alarms, lane))
}

function recorded<Up, Down, Plan>(item: Judged<Up, Down, Plan>, lane: LaneContext): readonly EventBody[] {
  const { entry, contentDigest } = item
  const content = contentOf(entry)
  const received = requestRecord(lane.session, entry.id, entry.exchange, contentDigest)
  const bodies =
    item.kind === 'skipped'
      ? decide({ kind: 'skip', received, content }, entry.state)
      : decide(
          {
            kind: 'judge',
            received,
            decided: decisionRecord(received, item.decision, item.ruling, item.moment, noApprovals),
            content,
          },
          entry.state,
        )
  for (const body of bodies) entry.state = evolve(entry.state, body)
  return bodies
}

/** As it is recorded. */
function contentOf<Up, Down, Plan>({ exchange }: Entry<Up, Down, Plan>): Uint8Array {
  return exchange.recordable ?? exchange.content
}

function permit<Up, Down, Plan>(item: Judged<Up, Down, Plan>, lane: LaneContext): Permitted<Up, Down, Plan> {
  const { entry } = item
  if (item.kind === 'skipped') return { kind: 'skipped', entry }
  const { ruling, decision, contentDigest } = item
  if (ruling.kind === 'held') return { kind: 'held', entry, contentDigest, requirement: ruling.requirement }
  if (ruling.kind === 'refused') return { kind: 'refused', entry, refusal: worded(ruling.refusal, decision) }
  return { kind: 'allowed', entry, ruling, permit: mint(decision, contentDigest, () => lane.live()) }
}

/** Station 6. Synchronous, so that a pipeline leaves in order and a refusal stands where the request stood. */
function takePlaceUpstream<Up, Down, Plan>(place: Settled<Up, Down, Plan>): void {
  const { entry } = place
  const { exchange } = entry
  try {
    if (place.kind === 'skipped') {
      entry.passage?.arrive('lane')
      entry.replies = exchange.skip()
      entry.admitted.resolve('skipped')
    } else if (place.kind === 'refused') {
      entry.passage?.refused(place.refusal.code)
      entry.replies = exchange.refuse(place.refusal, 'before')
      entry.admitted.resolve('refused')
    } else {
      entry.passage?.arrive('upstream')
      entry.replies = exchange.forward(
        place.permit,
        place.ruling.plan,
        entry.body(place.ruling.plan),
        entry.stop,
      )
      entry.admitted.resolve('forwarded')
    }
  } catch (error) {
    entry.replies = failing(error)
    entry.admitted.resolve('refused')
  }
}

/** A forward that threw is answered in its place: `deliver` turns the error into the protocol's own form. */
function failing(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
}
