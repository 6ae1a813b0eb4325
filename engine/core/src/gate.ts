import type { DetectorPattern, Gate, Session } from './adapter.ts'
import type { Approvals } from './approvals.ts'
import { Budgets } from './budgets.ts'
import { notGoodAt } from './confinement.ts'
import type { Elsewhere } from './elsewhere.ts'
import { refusal, Refused, refusalOf, type Refusal } from './errors.ts'
import type { Grants } from './grants.ts'
import { identityRecord } from './identity-record.ts'
import { limits } from './limits.ts'
import { LoginRefusals, type LoginBudget } from './login-refusals.ts'
import { isPasswordId } from './minted-passwords.ts'
import { appendOwn } from './own-stream.ts'
import type {
  Authenticator,
  Clock,
  Credentials,
  Dialer,
  EventStore,
  FactsOf,
  Ids,
  PolicyDecisionPoint,
  Targets,
} from './ports.ts'
import type { ScramVerifier } from './proof.ts'
import { Conditions } from './conditions.ts'
import { RequestRates } from './request-rates.ts'
import type { Recogniser } from './recogniser.ts'
import type { CancelKey, Hello, Identity, Stranger, Target } from './request.ts'
import { refuseRevoked, type Revocations } from './revocations.ts'
import { isSameSecret } from './same-secret.ts'
import { withoutTokens } from './secrets.ts'
import { LiveSession } from './session.ts'
import type { Pseudonyms } from './verdict.ts'
import type { Telemetry } from './telemetry.ts'
import { worded } from './wording.ts'

export interface GatePorts {
  /** This gateway's name in the log. */
  readonly gateway: string
  readonly authenticator: Authenticator
  readonly credentials: Credentials
  readonly patterns?: readonly DetectorPattern[]
  readonly recognisers?: readonly Recogniser[]
  /** Their key binds approvals too: without it what a policy holds is refused. */
  readonly pseudonyms?: Pseudonyms
  readonly dialer: Dialer
  readonly targets: Targets
  readonly pdp: PolicyDecisionPoint
  /** What runs and subjects did lately. Without it policies see no facts of theirs. */
  readonly facts?: FactsOf
  /** Without it what a policy holds is refused. */
  readonly approvals?: Approvals
  /** What people gave for a while. Without it policies see that nobody was given anything. */
  readonly grants?: Pick<Grants, 'of' | 'onChange'>
  /** Of minted passwords, by their ids. Without it there are none. */
  readonly verifier?: (id: string) => ScramVerifier
  /** Without it no token is revoked here. */
  readonly revocations?: Pick<Revocations, 'of' | 'onChange'>
  /** Where an approver finds an approval, to be told to the caller. */
  readonly approvalLink?: (id: string) => string
  /** Without it nothing is measured. */
  readonly telemetry?: Telemetry | undefined
  /** The other processes of this gateway; without it there are none. */
  readonly elsewhere?: Elsewhere | undefined
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: Ids
  /** For the operator's log: what went wrong beside a caller's request. Never content. */
  readonly report: (what: string, error: unknown) => void
}

/** A session as the API and the process see it, wherever in this gateway it is. */
export interface OpenSession extends Pick<
  LiveSession<unknown>,
  | 'id'
  | 'gateway'
  | 'subject'
  | 'client'
  | 'run'
  | 'openedAt'
  | 'opened'
  | 'identity'
  | 'facts'
  | 'extend'
  | 'end'
> {
  readonly target: Pick<Target, 'name' | 'protocol'>
}

/** The sessions that are open at this gateway. */
export interface OpenSessions {
  /** This gateway's name in the log. */
  readonly gateway: string
  session(id: string): OpenSession | undefined
  sessions(): readonly OpenSession[]
  /** Called when a session begins, and once it is over. Must not throw. */
  onSession(listener: (session: OpenSession, change: 'opened' | 'closed') => void): Disposable
}

/** The engine: what adapters are given, and what the API and the process see of it. */
export interface Engine extends Gate<unknown>, OpenSessions {
  session(id: string): LiveSession<unknown> | undefined
  sessions(): readonly LiveSession<unknown>[]
  /** Tells this process of what happened in the others. */
  readonly here: Elsewhere
  /** Refuses new sessions and exchanges; resolves when no session is left or the time is over. */
  drain(withinMs: number): Promise<void>
}

export function createGate(ports: GatePorts): Engine {
  const live = new Map<string, LiveSession<unknown>>()
  const listeners = new Set<Parameters<Engine['onSession']>[0]>()
  const changeListeners = new Set<(target: string) => void>()
  const telling =
    (budget: string) =>
    (spender: string, units: number): void =>
      ports.elsewhere?.spent({ budget, spender, units })
  const ofSession = {
    ...ports,
    denialBudgets: new Budgets(denialTerms, ports.clock, telling('denials')),
    waitBudgets: new Budgets(waitTerms, ports.clock, telling('waits')),
    rates: new RequestRates(ports.clock, (target, ...of) => telling(`${rateOf}${target}`)(...of)),
    conditions: new Conditions(ports.clock, (target, ...of) => telling(`${conditionsOn}${target}`)(...of)),
    extensionBudgets: new Budgets(extensionTerms, ports.clock, telling('extensions')),
  }
  const refusals = new LoginRefusals({
    ...ports,
    append: (bodies) => appendOwn(ports, bodies),
    spent: (budget, ...of) => telling(budget)(...of),
  })
  let draining: Refusal | undefined
  ports.grants?.onChange(({ id, state, subject, target }) => {
    if (state !== 'revoked') return
    for (const session of live.values())
      if (session.subject.id === subject.id && session.target.name === target) session.revoked(id)
  })

  ports.revocations?.onChange((revocation) => {
    for (const session of live.values()) session.endIfRevoked(revocation)
  })

  async function open(hello: Hello): Promise<Session<unknown>> {
    try {
      if (draining !== undefined) throw new Refused(draining)
      if (live.size >= limits.sessionsMax) throw new Refused(tooMany)
      const identity = await ports.authenticator.authenticate(hello.proof)
      // In the turn in which it becomes one of those that a revocation ends.
      refuseRevoked(identity, ports.revocations)
      const target = known(hello)
      const unfit = notGoodAt(identity.confined, { target: target.name, ip: hello.client.ip })
      if (unfit !== undefined) throw new Refused(unfit)
      const session = new LiveSession(
        ofSession,
        ports.ids.next('ses'),
        hello,
        identity,
        target,
        key(hello.cancelSecretBytes),
        () => {
          live.delete(session.id)
          changed(session, 'closed')
        },
      )
      live.set(session.id, session)
      await opened(session, hello, identity)
      changed(session, 'opened')
      return session
    } catch (error) {
      const refused = refusalOf(error)
      notLetIn(hello, refused)
      throw error instanceof Refused ? error : new Refused(refused, { cause: error })
    }
  }

  function known(hello: Hello): Target {
    const target = ports.targets.find(hello.target)
    if (target === undefined || target.protocol !== hello.protocol)
      throw new Refused(
        refusal('target_unknown', 'sluice/targets', 'No target of that name is registered here.'),
      )
    return target
  }

  function changed(session: LiveSession<unknown>, change: 'opened' | 'closed'): void {
    for (const listener of listeners) listener(session, change)
  }

  function key(secretBytes = shortSecretBytes): CancelKey {
    const secret = Buffer.alloc(secretBytes)
    for (let at = 0; at < secretBytes; at += shortSecretBytes) secret.writeInt32BE(ports.ids.random32(), at)
    return { id: ports.ids.random32(), secret: secret.toString('hex') }
  }

  /** No session without its first event in the log: what it does later would tie to nobody. */
  async function opened(session: LiveSession<unknown>, hello: Hello, identity: Identity): Promise<void> {
    const { application } = hello.client
    const data = {
      session: session.id,
      gateway: ports.gateway,
      target: session.target.name,
      protocol: session.target.protocol,
      labels: JSON.stringify(session.target.labels),
      client_ip: hello.client.ip,
      application: application === null ? null : withoutTokens(application),
      ...identityRecord(identity),
    }
    try {
      session.opened = await session.append([{ type: 'SessionOpened', data }], 'now')
    } catch (error) {
      live.delete(session.id)
      const unrecorded = refusal('log_unavailable', 'sluice/log', 'The session could not be recorded.')
      throw new Refused(worded(unrecorded, null), { cause: error })
    }
  }

  function notLetIn({ protocol, target, client }: Stranger, { code, rule }: Refusal): void {
    const asked = withoutTokens(target).slice(0, limits.loginTargetCharsMax)
    refusals.note({ protocol, target: asked, client_ip: client.ip, code, reason: rule })
  }

  function cancelHere(wanted: CancelKey): boolean {
    const meant = [...live.values()].filter(
      ({ cancelKey }) => cancelKey.id === wanted.id && isSameSecret(cancelKey.secret, wanted.secret),
    )
    for (const session of meant) session.cancel()
    return meant.length > 0
  }

  function spentElsewhere({ budget, spender, units }: Parameters<Elsewhere['spent']>[0]): void {
    if (budget === 'denials') ofSession.denialBudgets.spentElsewhere(spender, units)
    else if (budget === 'waits') ofSession.waitBudgets.spentElsewhere(spender, units)
    else if (budget === 'extensions') ofSession.extensionBudgets.spentElsewhere(spender, units)
    else if (budget.startsWith(rateOf)) {
      const target = ports.targets.find(budget.slice(rateOf.length))
      if (target !== undefined) ofSession.rates.passedElsewhere(target, spender, units)
    } else if (budget.startsWith(conditionsOn)) {
      const target = ports.targets.find(budget.slice(conditionsOn.length))
      if (target !== undefined) ofSession.conditions.askedElsewhere(target, spender, units)
    } else refusals.spentElsewhere(budget as LoginBudget, spender, units)
  }

  async function drain(withinMs: number): Promise<void> {
    draining = refusal('draining', 'sluice/draining', 'This gateway is shutting down: connect again.')
    for (const session of live.values()) session.end(draining, withinMs)
    const until = ports.clock.monotonic() + withinMs
    while (live.size > 0 && ports.clock.monotonic() < until)
      await new Promise<void>((resolve) => ports.clock.after(20, resolve))
    void refusals.finish()
  }

  return {
    gateway: ports.gateway,
    open,
    refused: notLetIn,
    verifier: (user) => (isPasswordId(user) ? ports.verifier?.(user) : undefined),
    targets: (protocol) => ports.targets.list().filter((target) => target.protocol === protocol),
    patterns: ports.patterns ?? [],
    recognisers: ports.recognisers ?? [],
    pseudonyms: ports.pseudonyms,
    cancel: (wanted) => {
      if (!cancelHere(wanted)) ports.elsewhere?.cancel(wanted)
    },
    changed: (target) => ports.elsewhere?.changed(target),
    onChanged: (listener) => void changeListeners.add(listener),
    here: {
      cancel: (wanted) => void cancelHere(wanted),
      spent: spentElsewhere,
      changed: (target) => {
        for (const listener of changeListeners) listener(target)
      },
    },
    session: (id) => live.get(id),
    sessions: () => [...live.values()],
    onSession: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    drain,
  }
}

/** What every protocol has room for. */
const shortSecretBytes = 4
/** Before the name of a target: the budget of its requests. */
const rateOf = 'requests to '
/** The same of its conditions on masked values. */
const conditionsOn = 'conditions on '

const waitTerms = {
  burst: limits.vainWaitsBurst,
  perSecond: limits.vainWaitsPerSecond,
  knownMax: limits.denialSubjectsMax,
}
const extensionTerms = {
  burst: limits.extensionsBurst,
  perSecond: limits.extensionsPerSecond,
  knownMax: limits.sessionsMax,
}
const denialTerms = {
  burst: limits.denialsBurst,
  perSecond: limits.denialsPerSecond,
  knownMax: limits.denialSubjectsMax,
}
const tooMany = refusal(
  'too_many',
  'sluice/limits',
  'This gateway has as many sessions as it takes. Try later.',
)
