import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import {
  isLive,
  peopleBehind,
  StoreError,
  subjectRecord,
  type Approval,
  type ApprovalState,
  type ApprovalView,
  type NewEvent,
} from '@sluice/core'
import { countingIds, SharedLog, SteppedClock } from '../../engine/core/src/scripted-control.ts'
import { Gateway, type Want } from './gateway.ts'
import { checkEffects, checkEndings, checkUses, type Effect } from './oracle.ts'
import { approvers, identities, owners, requesters } from './people.ts'
import type { Random } from './random.ts'

/** How often each thing happens, among all of them. */
const weights = {
  commit: 18,
  deliver: 18,
  flow: 10,
  call: 8,
  vote: 16,
  disconnect: 4,
  cancel: 1,
  time: 6,
  ring: 4,
  reload: 1,
  remove: 1,
  restart: 1,
  kill: 1,
  lost: 0.5,
  late: 1,
  outage: 0.5,
  interrupt: 0.5,
  stranger: 2,
} as const
type Happening = keyof typeof weights

export interface Outcome {
  readonly effects: number
  readonly states: Readonly<Record<ApprovalState, number>>
}

/** Two gateways on one log, their callers and approvers, and everything that goes wrong, as one seed has it. */
export class World {
  readonly #random: Random
  readonly #log = new SharedLog()
  readonly #clock = new SteppedClock()
  readonly #ids = countingIds()
  readonly #effects: Effect[] = []
  readonly #ends = new Map<string, ApprovalState>()
  readonly #violations: string[] = []
  readonly #gateways: readonly [Gateway, Gateway]
  readonly #wants: readonly [Want, ...Want[]]
  #quorum = 1
  readonly #scope: Approval['scope']
  readonly trace: string[] = []

  constructor(random: Random) {
    this.#random = random
    this.#log.manual = true
    this.#quorum = 1 + random.below(2)
    this.#scope = random.pick(['once', 'once', 'run', 'window'])
    const want = (text: string): Want => ({
      text,
      subject: random.pick(requesters),
      run: random.pick(['run_1', 'run_2', null]),
    })
    this.#wants = random.chance(0.5) ? [want('a')] : [want('a'), want('b'), want('b')]
    const expires_s = random.pick([4, 20, 60])
    const parts = {
      log: this.#log,
      clock: this.#clock,
      ids: this.#ids,
      requirement: (): Approval => ({
        approvers: ['dba'],
        quorum: this.#quorum,
        expires_s,
        hold_s: 0,
        scope: this.#scope,
      }),
      effect: (effect: Effect) => void this.#effects.push(effect),
      changed: (gateway: string, { id, state }: { id: string; state: ApprovalState }) =>
        this.#changed(gateway, id, state),
      serves: (gateway: string, epoch: number, approvals: readonly ApprovalView[]) => {
        const left = approvals.filter(
          (one) => one.writer === gateway && one.epoch < epoch && isLive(one.state),
        )
        this.#violations.push(...left.map(({ id }) => `${id} outlived the gateway that asked for it`))
      },
    }
    this.#gateways = [new Gateway('gw_a', parts), new Gateway('gw_b', parts)]
  }

  async run(steps: number): Promise<Outcome> {
    for (const gateway of this.#gateways) gateway.start()
    await this.#turn()
    for (let step = 0; step < steps; step++) {
      const what = this.#random.weighted(weights)
      this.trace.push(what)
      this.#happen(what)
      await setImmediate()
    }
    await this.#calm()
    return this.#check()
  }

  #happen(what: Happening): void {
    const random = this.#random
    const gateway = random.pick(this.#gateways)
    switch (what) {
      case 'commit':
        return this.#commit()
      case 'deliver':
        return this.#log.deliver(gateway.writer, gateway.epoch, random.pick([1, 1, 2, Infinity]))
      case 'flow':
        return this.#flow()
      case 'call':
        return gateway.call(random.pick(this.#wants), random.pick([0, 2_000, 30_000]))
      case 'vote':
        return this.#vote(gateway)
      case 'disconnect':
        return random.pick(gateway.callers.filter(({ finished }) => !finished))?.stop.request('gone')
      case 'cancel': {
        const approval = random.pick(gateway.book?.list() ?? [])
        if (approval !== undefined) this.#forget(gateway.book?.cancel(approval.id, requesters[0], 'no need'))
        return
      }
      case 'time':
        return this.#clock.pass(random.pick([10, 10, 500, 3_000, 20_000]))
      case 'ring':
        return this.#clock.ring()
      case 'reload':
        this.#quorum = 3 - this.#quorum
        return
      case 'remove':
        return gateway.remove(random.pick(identities).subject.id)
      case 'restart':
        void gateway.stop().then(() => gateway.start())
        return
      case 'kill':
        return this.#kill(gateway)
      case 'lost':
        return this.#lose(gateway)
      case 'late':
        return this.#log.timeOut(random.below(Math.max(1, this.#log.waiting.length)))
      case 'outage':
        this.#log.failure =
          this.#log.failure === undefined
            ? new StoreError(random.pick(['full', 'unavailable']), 'no')
            : undefined
        return
      case 'interrupt':
        return this.#log.interrupt(gateway.writer, gateway.epoch)
      case 'stranger':
        return this.#stranger()
    }
  }

  /** Of each writer in the order of its calls; of several in any order. */
  #commit(): void {
    const { waiting } = this.#log
    const by = this.#random.pick(waiting)?.by
    const first = waiting.findIndex((one) => one.by === by)
    if (first >= 0) this.#log.commit(first)
  }

  #vote(gateway: Gateway): void {
    const all = gateway.book?.list() ?? []
    const pending = all.filter(({ state }) => state === 'pending')
    const approval = this.#random.pick(this.#random.chance(0.9) ? pending : all)
    if (approval === undefined) return
    const vote = this.#random.chance(0.9) ? 'approve' : 'reject'
    const voter = this.#random.pick(this.#random.chance(0.5) ? approvers : identities)
    this.#forget(gateway.book?.vote(approval.id, voter, vote, 'as I see it'))
  }

  #kill(gateway: Gateway): void {
    if (gateway.book === undefined) return
    const { writer, epoch } = gateway
    gateway.kill()
    // The embedded log says at its next start that it was left; elsewhere a peer may, or nobody does.
    if (this.#random.chance(0.7))
      this.#record('gw_x', { type: 'GatewayLost', data: { writer, epoch, resumes: 0 } })
    gateway.start()
  }

  /** A gateway that lives and is thought dead: what it asked for has ended, whatever it thinks. */
  #lose({ writer, epoch }: Gateway): void {
    this.#record('gw_x', { type: 'GatewayLost', data: { writer, epoch, resumes: 0 } })
  }

  /** What a gateway records that knows nothing of the others: true of the people, and wrong of the state. */
  #stranger(): void {
    const random = this.#random
    const ids = this.#log.events.flatMap((event) =>
      event.type === 'ApprovalRequested' ? [event.data.approval] : [],
    )
    const approval = random.pick(ids)
    if (approval === undefined) return
    const voter = random.pick(identities)
    const vote = {
      approval,
      voter: subjectRecord(voter.subject),
      people: peopleBehind(voter.subject, owners),
      token_id: voter.tokenId,
      reason: 'from elsewhere',
    }
    const again = random.pick(this.#log.events.filter((event) => event.type === 'ApprovalConsumed'))?.data
    const use = {
      approval,
      session: 'ses_x',
      exchange: this.#ids.next('exc'),
      decision: this.#ids.next('dec'),
    }
    const body = random.pick<Pick<NewEvent, 'type' | 'data'>>([
      { type: 'ApprovalConsumed', data: use },
      { type: 'ApprovalConsumed', data: again ?? use },
      { type: 'ApprovalGranted', data: vote },
      { type: 'ApprovalRejected', data: vote },
      { type: 'ApprovalExpired', data: { approval, reason: 'time' } },
      { type: 'ApprovalCancelled', data: { approval, by: 'gateway', reason: 'elsewhere' } },
    ])
    this.#record('gw_x', body)
  }

  #record(writer: string, body: Pick<NewEvent, 'type' | 'data'>): void {
    const event = { ...body, id: this.#ids.next('evt'), time: this.#clock.now() } as NewEvent
    this.#log.record(writer, 1, event)
  }

  #forget(command: Promise<unknown> | undefined): void {
    command?.catch(() => {})
  }

  #changed(gateway: string, id: string, state: ApprovalState): void {
    const key = `${gateway} ${id}`
    const ended = this.#ends.get(key)
    if (ended !== undefined) this.#violations.push(`${id} was ${ended} and became ${state} at ${gateway}`)
    if (!isLive(state)) this.#ends.set(key, state)
  }

  /** Everything that is under way ends: the log works, everybody sees it, and time goes by. */
  async #calm(): Promise<void> {
    this.#log.failure = undefined
    for (let round = 0; round < 6; round++) {
      for (const gateway of this.#gateways) gateway.start()
      for (let count = 0; count < 2; count++) await this.#turn()
      this.#clock.advance(15_000)
    }
    for (let count = 0; count < 2; count++) await this.#turn()
  }

  async #turn(): Promise<void> {
    this.#flow()
    await setImmediate()
  }

  /** What waits becomes durable and is seen by all. */
  #flow(): void {
    while (this.#log.waiting.length > 0) this.#log.commit()
    for (const { writer, epoch } of this.#gateways) this.#log.deliver(writer, epoch)
  }

  #check(): Outcome {
    assert.deepEqual(this.#violations, [])
    checkEffects(this.#log.events, this.#effects)
    checkEndings(this.#log.events, this.#effects)
    const [a, b] = this.#gateways.map(({ book }) => book?.list())
    assert.ok(a !== undefined && b !== undefined, 'a gateway does not serve again')
    assert.deepEqual(a, b, 'the gateways tell different things')
    for (const { id, state } of a) assert.ok(!isLive(state), `${id} has not ended`)
    checkUses(this.#log.events, a)
    for (const { callers } of this.#gateways)
      assert.ok(
        callers.every(({ finished }) => finished),
        'a caller waits for ever',
      )
    const states = { pending: 0, approved: 0, rejected: 0, expired: 0, cancelled: 0, consumed: 0 }
    for (const { state } of a) states[state] += 1
    return { effects: this.#effects.length, states }
  }
}
