import assert from 'node:assert/strict'
import type { ApprovalView, RecordedEvent } from '@sluice/core'
import { voterOf } from './people.ts'

/** Something that was done because an approval allowed it. */
export interface Effect {
  readonly approval: string
  readonly binding: string
  readonly subject: string
  readonly exchange: string
  readonly decision: string
  /** Who had lost the group, as the gateway knew when it claimed the approval. */
  readonly removed: ReadonlySet<string>
}

type Of<T extends RecordedEvent['type']> = Extract<RecordedEvent, { readonly type: T }>

/**
 * Says of each effect from the bare log whether it was allowed: no folding, only what must be found before the event
 * that claimed the approval, and what must not. Knows people by name, not by tokens.
 */
export function checkEffects(log: readonly RecordedEvent[], effects: readonly Effect[]): void {
  for (const effect of effects) checkEffect(log, effect)
  const exchanges = effects.map(({ exchange }) => exchange)
  assert.equal(new Set(exchanges).size, exchanges.length, 'something was done twice')
}

/**
 * Every request that was received has ended in one way, unless its gateway was killed or the log did not take its end:
 * performed, refused, or abandoned. What was performed was allowed before, and not abandoned.
 */
export function checkEndings(log: readonly RecordedEvent[], effects: readonly Effect[]): void {
  const performed = new Set(effects.map(({ exchange }) => exchange))
  const of = new Map<string, string[]>()
  for (const { type, data } of log) {
    if (type === 'RequestReceived') of.set(data.exchange, [])
    else if (type === 'DecisionMade') of.get(data.exchange)?.push(data.effect)
    else if (type === 'ExchangeAbandoned') of.get(data.exchange)?.push('abandoned')
    else if (type === 'ResponseCompleted') of.get(data.exchange)?.push('completed')
  }
  for (const [exchange, [first, ...ends]] of of) {
    const life = [first, ...ends].join(' ')
    assert.ok(lives.has(life), `${exchange}: ${life}`)
    if (performed.has(exchange)) assert.match(life, /^hold allow( completed)?$/, exchange)
    else assert.ok(!life.includes('completed'), `${exchange}: ${life}`)
  }
}

/** The last ones stop where their gateway did, or where the log was lost. */
const lives: ReadonlySet<string> = new Set([
  'hold allow completed',
  'hold deny',
  'hold abandoned',
  'hold allow abandoned',
  'hold deny abandoned',
  'hold allow',
  'hold',
])

/** The same of everything that the fold took for a use, whoever recorded it. */
export function checkUses(log: readonly RecordedEvent[], approvals: readonly ApprovalView[]): void {
  for (const { id, binding, subject, uses } of approvals) {
    const exchanges = uses.map(({ exchange }) => exchange)
    assert.equal(new Set(exchanges).size, exchanges.length, `${id} released one execution twice`)
    for (const { exchange, decision, event } of uses) {
      const of = {
        approval: id,
        binding,
        subject: subject.id,
        exchange,
        decision,
        removed: new Set<string>(),
      }
      checkEffect(log, of, event.id)
    }
  }
}

/** `event`: the one that claimed it, where others say the same. */
function checkEffect(log: readonly RecordedEvent[], effect: Effect, event?: string): void {
  const id = effect.approval
  const events = counting(log)
  const from = events.findIndex((event) => event.type === 'ApprovalRequested' && event.data.approval === id)
  const request = events[from]
  assert.ok(request?.type === 'ApprovalRequested', `${id} was never asked for`)
  const { binding, subject, expires_ms: expires, quorum, scope } = request.data
  assert.deepEqual([binding, subject.id], [effect.binding, effect.subject], `${id} is for something else`)

  const to = events.findIndex(
    (one) =>
      one.type === 'ApprovalConsumed' &&
      one.data.approval === id &&
      one.data.exchange === effect.exchange &&
      one.data.decision === effect.decision &&
      (event === undefined || one.id === event),
  )
  const claim = events[to]
  assert.ok(claim !== undefined, `${id} was used and nothing says so`)
  assert.ok(to > from && claim.time < expires, `${id} was used out of its time`)

  const between = events.slice(from + 1, to)
  assert.ok(!between.some((event) => ends(event, id, request)), `${id} was used after its end`)

  const inTime = between.filter((event) => event.time < expires)
  const votes = inTime.filter(
    (event): event is Of<'ApprovalGranted'> => event.type === 'ApprovalGranted' && event.data.approval === id,
  )
  const decided = votes.find((_, at) => people(votes.slice(0, at + 1), subject.id).size >= quorum)
  assert.ok(decided !== undefined, `${id} was used without its quorum`)
  const counted = votes.slice(0, votes.indexOf(decided) + 1)
  const standing = counted.filter((vote) => !effect.removed.has(vote.data.voter.id))
  assert.ok(people(standing, subject.id).size >= quorum, `${id} was used with votes that no longer count`)

  const before = between.slice(0, between.indexOf(decided))
  const rejected = before.some(
    (event) =>
      event.type === 'ApprovalRejected' &&
      event.data.approval === id &&
      event.time < expires &&
      voterOf(event.data.voter.id, subject.id) !== undefined,
  )
  assert.ok(!rejected, `${id} was used after somebody refused`)

  const claims = inTime
    .slice(inTime.indexOf(decided))
    .filter(
      (event): event is Of<'ApprovalConsumed'> =>
        event.type === 'ApprovalConsumed' && event.data.approval === id,
    )
  if (scope === 'once') assert.equal(claims.length, 0, `${id} was used twice`)
  assert.ok(
    !claims.some(({ data }) => data.exchange === effect.exchange),
    `${id} released one execution twice`,
  )
}

/** What is signed, and not by who was declared lost before it. */
function counting(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const lost = new Map<string, number>()
  return log.filter((event) => {
    if (event.stream !== 'control' || event.sig === null) return false
    if (event.epoch <= (lost.get(event.writer) ?? -1)) return false
    if (event.type === 'GatewayLost') lost.set(event.data.writer, event.data.epoch)
    return true
  })
}

function people(votes: readonly Of<'ApprovalGranted'>[], requester: string): ReadonlySet<string> {
  const persons = votes.map(({ data }) => voterOf(data.voter.id, requester))
  return new Set(persons.filter((person) => person !== undefined))
}

function ends(event: RecordedEvent, id: string, request: RecordedEvent): boolean {
  switch (event.type) {
    case 'ApprovalCancelled':
    case 'ApprovalExpired':
      return event.data.approval === id
    case 'GatewayLost':
      return event.data.writer === request.writer && event.data.epoch >= request.epoch
    default:
      return false
  }
}
