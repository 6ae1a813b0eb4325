import {
  GenerationCache,
  policyInput,
  type Action,
  type EventData,
  type Identity,
  type InputContext,
  type Json,
  type MomentFacts,
  type PolicyApproval,
  type PolicyGrant,
  type PolicyInput,
  type RecordedEvent,
  type Subject,
  type Verdict,
} from '@sluice/core'
import { frozen } from '../verdict.ts'

/** One decision of the log, with what the policies were asked. */
export interface RecordedDecision {
  readonly session: string
  readonly exchange: string
  readonly decision: string
  readonly timeMs: number
  readonly subject: string
  readonly target: string
  readonly revision: string
  /** One for each action, complete but for the values of the request, which the log keeps sealed. */
  readonly inputs: readonly PolicyInput[]
  /** What the policies said, one for each action. */
  readonly verdicts: readonly Verdict[]
}

/**
 * Why a decision says nothing of policies. `gateway`: what could not be read, was too late, too much or withdrawn is
 * refused without them. `incomplete`: what it was made from is not in the log.
 */
export type Unjudged = 'gateway' | 'incomplete'

interface SessionState {
  readonly context: InputContext
  identity: Identity
  /** By exchange, what is not decided for good. */
  readonly open: Map<string, OpenRequest>
}

interface OpenRequest {
  /** As JSON. */
  readonly actions: string
  /** It waits for people. */
  readonly held: boolean
}

/** Of one generation of remembered actions: applications say the same few things again and again. */
const actionsMax = 2_000
const actionsCharsMax = 16_000_000

/** Folds events into the decisions among them. Memory grows with the sessions and requests that are open. */
export class RecordedDecisions {
  readonly #sessions = new Map<string, SessionState>()
  readonly #actions = new GenerationCache<readonly Action[]>(actionsMax, actionsCharsMax)

  /** `undefined` for an event that is no decision. */
  take(event: RecordedEvent): RecordedDecision | Unjudged | undefined {
    switch (event.type) {
      case 'SessionOpened':
        this.#sessions.set(event.data.session, opened(event.data))
        return undefined
      case 'SessionExtended': {
        const session = this.#sessions.get(event.data.session)
        if (session !== undefined) session.identity = identityOf(event.data)
        return undefined
      }
      case 'RequestReceived':
        this.#sessions.get(event.data.session)?.open.set(event.data.exchange, {
          actions: event.data.actions,
          held: false,
        })
        return undefined
      case 'DecisionMade':
        return this.#decided(event)
      case 'ExchangeAbandoned':
        this.#sessions.get(event.data.session)?.open.delete(event.data.exchange)
        return undefined
      case 'SessionClosed':
        this.#sessions.delete(event.data.session)
        return undefined
      default:
        return undefined
    }
  }

  #decided(event: Extract<RecordedEvent, { readonly type: 'DecisionMade' }>): RecordedDecision | Unjudged {
    const { data, time, run_id: run, trace_id: trace } = event
    const session = this.#sessions.get(data.session)
    const request = session?.open.get(data.exchange)
    if (session === undefined || request === undefined) return 'incomplete'
    if (data.effect === 'hold') session.open.set(data.exchange, { ...request, held: true })
    else session.open.delete(data.exchange)
    const approvals = JSON.parse(data.approvals) as readonly PolicyApproval[]
    // The policies are asked a second time only with an approval; without one the wait came to nothing.
    if (isOfGateway(data.rule) || (request.held && approvals.length === 0)) return 'gateway'
    const parsed = this.#actionsOf(request.actions)
    const moment = { nowMs: data.now_ms, facts: factsOf(data.facts) }
    const grants = JSON.parse(data.grants) as readonly PolicyGrant[]
    const { context, identity } = session
    const runOf = { id: run, trace_id: trace }
    return {
      session: data.session,
      exchange: data.exchange,
      decision: data.decision,
      timeMs: time,
      subject: identity.subject.id,
      target: context.target.name,
      revision: data.revision,
      inputs: parsed.map((action) =>
        policyInput(context, identity, runOf, data.exchange, action, moment, approvals, grants),
      ),
      // An adapter that cannot do what a verdict asks for adds its own denial at the end.
      verdicts: (JSON.parse(data.verdicts) as readonly Verdict[]).slice(0, parsed.length),
    }
  }

  #actionsOf(text: string): readonly Action[] {
    const known = this.#actions.get(text)
    if (known !== undefined) return known
    const actions = frozen(
      (JSON.parse(text) as readonly Action[]).map((action) => ({ ...standIns(action), ...action })),
    )
    this.#actions.set(text, actions, text.length)
    return actions
  }
}

/** Where a command or a file at a host has all its values: what is left says which kind of request it was. */
const noCommand = { command: '', programs: [], paths: [], opaque: [], transfer: null, env: {}, value: '' }

/** What stands for the values that are not in the record: none, and for a path its route, which has no values. */
function standIns(action: Action): { readonly [field: string]: Json } {
  if (isOfHost(action)) return noCommand
  const { route } = action
  if (typeof route !== 'string') return { parameters: [] }
  const segments = route.split('/').filter((segment) => segment !== '')
  return { path: route, segments, query: {}, headers: {}, body: null, parts: [] }
}

/** A request at a host, of which nothing can be told without its values. */
export function isOfHost({ name }: Pick<Action, 'name'>): boolean {
  return name.startsWith('ssh.') || name.startsWith('sftp.')
}

/** Fields of an action in which something else stands than what was judged. */
export function withheldFrom(action: Action): readonly string[] {
  if (isOfHost(action)) return Object.keys(noCommand)
  const { route } = action
  if (typeof route !== 'string') return ['parameters']
  const values = ['query', 'headers', 'body', 'parts']
  return route.includes('{') ? [...values, 'path', 'segments'] : values
}

function opened(data: EventData['SessionOpened']): SessionState {
  const { session, target: name, protocol, labels, client_ip: ip, application } = data
  return {
    context: frozen({
      session,
      client: { ip, application },
      target: { name, protocol, labels: JSON.parse(labels) as Readonly<Record<string, string>> },
    }),
    identity: identityOf(data),
    open: new Map(),
  }
}

function identityOf({
  subject: { id, type, issuer, groups, on_behalf_of },
  claims,
  token_id: tokenId,
  token_expires_ms: expiresAt,
}: Pick<EventData['SessionExtended'], 'subject' | 'claims' | 'token_id' | 'token_expires_ms'>): Identity {
  const subject = {
    id,
    type: type as Subject['type'],
    issuer,
    groups,
    claims: JSON.parse(claims) as Subject['claims'],
    on_behalf_of,
  }
  return frozen({ subject, tokenId, expiresAt })
}

/** Before tokens were counted there were none. */
const uncounted = { tokens: 0, cost_micros: 0 }

function factsOf(text: string): MomentFacts {
  const { run, subject, ...session } = JSON.parse(text) as MomentFacts
  return {
    ...uncounted,
    ...session,
    ...(run === undefined ? {} : { run: { ...uncounted, ...run } }),
    ...(subject === undefined ? {} : { subject: { ...uncounted, ...subject } }),
  }
}

/** Prefixes of the rules by which the gateway itself refuses. */
const own = ['adapter/', 'http/', 'identity/', 'postgres/', 'sluice/', 'ssh/']
/** What had nothing to do with the request: the policies were busy, or about to be replaced. */
const passing = new Set(['policy/closed', 'policy/overloaded', 'policy/deadline'])
/** Of the library of policies, whose prefix it has. */
const noAllow = 'sluice/no_allow'

function isOfGateway(rule: string): boolean {
  return rule !== noAllow && (passing.has(rule) || own.some((prefix) => rule.startsWith(prefix)))
}
