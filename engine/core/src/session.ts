import type { Duplex } from 'node:stream'
import type { Lane, Session } from './adapter.ts'
import { bindingOf } from './approval-binding.ts'
import type { Budgets } from './budgets.ts'
import type { EventBody } from './decider.ts'
import { Denials, recordUnits } from './denials.ts'
import { refusal, Refused, type Refusal } from './errors.ts'
import type { NewEvent } from './events.ts'
import type { GatePorts } from './gate.ts'
import { extendedTooOften, extensionObjection } from './extension.ts'
import { noGrants } from './grant-fold.ts'
import { Granted } from './granted.ts'
import { identityRecord } from './identity-record.ts'
import { policyInput, withValues, type InputContext } from './input.ts'
import { objected, type Ruling } from './judge.ts'
import { OrderedLane, type LaneContext } from './lane.ts'
import { limits } from './limits.ts'
import { expired, LivingToken } from './living-token.ts'
import { controlStream, type Moment, type Position, type SessionFacts } from './ports.ts'
import type { Conditions } from './conditions.ts'
import type { RequestRates } from './request-rates.ts'
import { sessionRevoked, type Revocation } from './revocation.ts'
import { refuseRevoked } from './revocations.ts'
import type {
  Address,
  CancelKey,
  Client,
  Confinement,
  Credential,
  Hello,
  Identity,
  Run,
  Subject,
  Target,
} from './request.ts'
import { SessionTally } from './session-tally.ts'
import { Stop } from './stop.ts'

export interface SessionPorts extends GatePorts {
  /** What is recorded of the denials of each subject. */
  readonly denialBudgets: Budgets
  /** How often each subject may wait for people in vain. */
  readonly waitBudgets: Budgets
  readonly rates: RequestRates
  /** How often each session may be extended, since each time is recorded. */
  readonly extensionBudgets: Budgets
  readonly conditions: Conditions
}

/** One authenticated subject on one target, from the first recorded event to SessionClosed. */
export class LiveSession<Settings> implements Session<Settings> {
  readonly id: string
  /** Where it is. */
  readonly gateway: string
  readonly target: Target<Settings>
  readonly cancelKey: CancelKey
  readonly ending: Stop<Refusal> = new Stop<Refusal>()
  readonly client: Client
  /** By what it was opened with: a later token makes its life longer, and permits no more. */
  readonly confined: Confinement | null
  /** Milliseconds since 1970. */
  readonly openedAt: number
  /** Where the log says that it was opened: everything else of it comes behind. */
  opened: Position | undefined
  readonly #ports: SessionPorts
  readonly #input: InputContext
  readonly #lanes = new Set<OrderedLane>()
  readonly #granted = new Set<Granted>()
  readonly #denials: Denials
  readonly #onClosed: () => void
  readonly #token: LivingToken
  readonly #tally = new SessionTally()
  #run: Run
  #closed = false

  constructor(
    ports: SessionPorts,
    id: string,
    hello: Hello,
    identity: Identity,
    target: Target<Settings>,
    cancelKey: CancelKey,
    onClosed: () => void,
  ) {
    this.id = id
    this.gateway = ports.gateway
    this.target = target
    this.cancelKey = cancelKey
    this.client = hello.client
    this.openedAt = ports.clock.now()
    this.#ports = ports
    this.#run = hello.run
    this.#onClosed = onClosed
    this.confined = identity.confined ?? null
    const { name, protocol, labels } = target
    this.#input = { session: id, client: hello.client, target: Object.freeze({ name, protocol, labels }) }
    this.#denials = new Denials(
      { session: id, subject: identity.subject.id, target: name },
      { ...ports, budgets: ports.denialBudgets, append: (bodies) => this.append(bodies, 'soon') },
    )
    this.#token = new LivingToken(identity, ports.clock, () => this.end(expired, limits.exchangeGraceMs))
  }

  get subject(): Subject {
    return this.identity.subject
  }

  get extended(): boolean {
    return this.#token.renewed
  }

  get identity(): Identity {
    return this.#token.identity
  }

  /** The latest claim of any of its lanes. */
  get run(): Run {
    return this.#run
  }

  get facts(): SessionFacts {
    let inFlight = 0
    for (const lane of this.#lanes) inFlight += lane.pending
    return this.#tally.facts(inFlight)
  }

  dial(to?: Address): Promise<Duplex> {
    return this.#ports.dialer.dial(this.target, to ?? this.target.address)
  }

  credential(refused?: Credential): Promise<Credential> {
    return this.#ports.credentials.credential(this.target.name, refused)
  }

  now(): number {
    return this.#ports.clock.now()
  }

  lane(): Lane {
    const { clock, pdp } = this.#ports
    const granted = new Granted({
      clock,
      pdp,
      running: () => lane.pending > 0,
      stop: () => lane.stopAll(),
    })
    const lane: OrderedLane = new OrderedLane(this.#laneContext(granted), () => {
      granted.close()
      this.#lanes.delete(lane)
      this.#granted.delete(granted)
    })
    this.#lanes.add(lane)
    this.#granted.add(granted)
    return lane
  }

  cancel(): void {
    for (const lane of this.#lanes) lane.cancel()
  }

  /** A fresh token of the same subject, acting for the same person if any: it goes on under that. Throws `Refused`. */
  async extend(identity: Identity): Promise<void> {
    const objection = extensionObjection(identity, this)
    if (objection !== undefined) throw new Refused(objection)
    this.#refuseWhenOver()
    if (this.#token.gainsNothingBy(identity)) return
    const { extensionBudgets } = this.#ports
    if (!extensionBudgets.affords(this.id)) throw new Refused(extendedTooOften)
    extensionBudgets.spend(this.id, 1)
    const data = { session: this.id, ...identityRecord(identity) }
    await this.append([{ type: 'SessionExtended', data }], 'now')
    // It may have come to its end while that was written, and so may the token.
    this.#refuseWhenOver()
    refuseRevoked(identity, this.#ports.revocations)
    this.#token.renew(identity)
  }

  /** A grant of this subject was taken back: what runs only by it is stopped, without grace. */
  revoked(grant: string): void {
    for (const granted of this.#granted) void granted.revoke(grant)
  }

  /** Without grace, when it concerns a token by which this session lives or lived. */
  endIfRevoked(revocation: Revocation): void {
    if (this.#token.isConcerned(revocation)) this.end(sessionRevoked)
  }

  /** Idle: ends now. Running exchanges may finish within `graceMs`; new and held ones are refused at once. */
  end(reason: Refusal, graceMs = 0): void {
    this.#refusing ??= reason
    for (const lane of this.#lanes) lane.leave()
    this.#endWhenIdle()
    this.#ports.clock.after(graceMs, () => this.#finish(reason))
  }

  async close(reason: string): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#token.stop()
    for (const lane of this.#lanes) lane.stopAll()
    for (const granted of this.#granted) granted.close()
    this.#onClosed()
    const data = { session: this.id, reason, ...this.#tally.recorded }
    await this.#denials
      .finish({ type: 'SessionClosed', data })
      .catch((error: unknown) => this.#ports.report('a closed session was not recorded', error))
  }

  append(
    bodies: readonly EventBody[],
    urgency: 'now' | 'soon',
    run: Run = this.#run,
  ): Promise<Position | undefined> {
    const [first, ...rest] = bodies.map((body) => this.#event(body, run))
    if (first === undefined) return Promise.resolve(undefined)
    return this.#ports.store.append(
      { stream: this.id, events: [first, ...rest] },
      { withinMs: urgency === 'now' ? limits.appendWaitMs : limits.recordWaitMs, urgency },
    )
  }

  #refusing: Refusal | undefined

  #event(body: EventBody, run: Run): NewEvent {
    return {
      ...body,
      id: this.#ports.ids.next('evt'),
      time: this.#ports.clock.now(),
      trace_id: run.trace_id,
      run_id: run.id,
    }
  }

  /** What only runs to its end takes no new request, so a token that comes now extends nothing. */
  #refuseWhenOver(): void {
    const reason = this.#refusing ?? this.ending.requested ?? (this.#closed ? expired : undefined)
    if (reason !== undefined) throw new Refused(reason)
  }

  #finish(reason: Refusal): void {
    for (const lane of this.#lanes) lane.stopAll()
    this.ending.request(reason)
  }

  #endWhenIdle(): void {
    if (this.#refusing !== undefined && this.facts.in_flight === 0) this.ending.request(this.#refusing)
  }

  /** Checked for each exchange. */
  #unusable(): Ruling<never> | undefined {
    return this.#objection(this.#refusing ?? (this.#token.expired ? expired : undefined))
  }

  #objection(reason: Refusal | undefined): Ruling<never> | undefined {
    return reason === undefined ? undefined : objected(reason, this.#ports.pdp.revision)
  }

  #moment(of: Run): Moment {
    const { clock, pdp, facts } = this.#ports
    const nowMs = clock.now()
    if (facts === undefined || pdp.readsFacts !== true) return { nowMs, facts: this.facts }
    const run = of.id === null ? {} : { run: facts.of('run', of.id) }
    return { nowMs, facts: { ...this.facts, ...run, subject: facts.of('subject', this.subject.id) } }
  }

  #laneContext(granted: Granted): LaneContext {
    const { clock, conditions, ids, pdp, pseudonyms, rates, report } = this.#ports
    let run = this.#run
    const append = (bodies: readonly EventBody[], urgency: 'now' | 'soon'): Promise<unknown> =>
      this.append(granted.recorded(bodies), urgency, run)
    return {
      session: this.id,
      ids,
      pdp,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, callback) => clock.after(ms, callback),
      moment: () => this.#moment(run),
      target: this.target.name,
      approvals: pseudonyms === undefined ? undefined : this.#ports.approvals,
      protocol: this.target.protocol,
      telemetry: this.#ports.telemetry,
      subject: () => this.identity.subject,
      run: () => run,
      claim: (claimed) => {
        run = claimed
        this.#run = claimed
      },
      bindingOf: (part, rule, requirement) => {
        if (pseudonyms === undefined) throw new Error('an approval cannot be bound without a key')
        const { subject, target } = this
        return bindingOf({ subject, target: target.name, part, rule, requirement }, pseudonyms)
      },
      approvalLink: (id) => this.#ports.approvalLink?.(id) ?? null,
      input: (requestId, action, values, approvals, moment) => {
        const now = moment.nowMs
        const grants = this.#ports.grants?.of(this.subject, this.target.name, now) ?? noGrants
        const input = policyInput(
          this.#input,
          this.identity,
          run,
          requestId,
          withValues(action, values),
          moment,
          approvals,
          grants,
        )
        if (grants.length > 0) granted.judged(input)
        return input
      },
      count: (done) => this.#tally.count(done),
      append,
      spendOnDenials: (sizes) => this.#denials.spend(sizes),
      countDenial: (exchange, rule) => {
        granted.refused(exchange)
        return this.#denials.count(rule)
      },
      mayWait: () => this.#ports.waitBudgets.affords(this.subject.id),
      waitedInVain: (bytes) => this.#ports.waitBudgets.spend(this.subject.id, recordUnits(bytes)),
      raise: (data) =>
        this.#ports.store.append(
          { stream: controlStream, events: [this.#event({ type: 'AlarmRaised', data }, run)] },
          { withinMs: limits.appendWaitMs, urgency: 'now' },
        ),
      appendSoon: (...bodies) => {
        append(bodies, 'soon').catch((error: unknown) => {
          report('an answer was not recorded', error)
          this.end(refusal('log_unavailable', 'sluice/log', 'An answer could not be recorded.'))
        })
      },
      appendAbandoned: (...bodies) => {
        append(bodies, 'soon').catch((error: unknown) =>
          report('an abandoned request was not recorded', error),
        )
      },
      live: () => this.#ports.store.live,
      logged: () => this.#ports.store.healthy,
      unusable: () => this.#unusable(),
      tooOften: (requests) => this.#objection(rates.refuse(this.target, this.subject.id, requests)),
      asksTooMuch: (count) => this.#objection(conditions.refuse(this.target, this.subject.id, count)),
      idle: () => {
        granted.done()
        this.#endWhenIdle()
      },
      end: (reason) => this.end(reason),
    }
  }
}
