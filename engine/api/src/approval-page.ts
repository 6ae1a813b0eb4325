import {
  ineligible,
  peopleBehind,
  visible,
  type Approvals,
  type ApprovalState,
  type ApprovalView,
  type OpenSessions,
  type EventStore,
  type Pseudonyms,
  type Subject,
  type SubjectRecord,
} from '@sluice/core'
import type { ApprovalRecords } from './approval-records.ts'
import type { Sight } from './approval-sight.ts'
import { readExchanges, type ExchangeLine } from './exchange-log.ts'
import type { ExchangeRecord, ExchangeRecords } from './exchange-records.ts'
import { isoTime } from './iso-time.ts'
import type { ContentPorts } from './recording-session.ts'
import { rolesOf, type RoleGroups } from './roles.ts'
import { shownTo, type ShownRequest } from './shown.ts'
import { actionOf, summaryOf, type ActionSummary } from './summary.ts'

/** An approval in a list. */
export interface ApprovalLine {
  readonly id: string
  readonly state: ApprovalState
  /** Who asks. */
  readonly subject: string
  readonly target: string
  readonly action: string
  /** As the reader may see it; `null` when its content was erased. */
  readonly statement: string | null
  readonly expires_at: string
  /** People who approved so far, of how many must. */
  readonly approved: number
  readonly quorum: number
  /** Whether its caller still waits on its connection; `null`: another process or gateway knows, or it is over. */
  readonly caller_waits: boolean | null
}

/** An approval as somebody sees it who is to decide on it. */
export interface ApprovalPage extends ApprovalLine {
  readonly requester: SubjectRecord
  readonly session: string
  readonly exchange: string
  readonly rule: string
  readonly message: string
  readonly approvers: readonly string[]
  readonly scope: string
  readonly requested_at: string
  readonly expires_in_s: number
  /** Why the reader may not vote on it; `null` when they may, as long as it is pending. */
  readonly may_not_vote: string | null
  readonly actions: readonly Omit<ActionSummary, 'masked'>[]
  readonly request: ShownRequest | null
  readonly votes: readonly VoteLine[]
  readonly uses: readonly { readonly exchange: string; readonly decision: string; readonly at: string }[]
  readonly ended: { readonly at: string; readonly by: string; readonly reason: string } | null
  readonly run: RunSoFar | null
  readonly session_so_far: SessionSoFar | null
  /** Earlier approvals of exactly the same request, newest first. */
  readonly before: readonly { readonly id: string; readonly state: ApprovalState; readonly at: string }[]
}

interface VoteLine {
  readonly voter: string
  readonly vote: 'approve' | 'reject'
  readonly reason: string
  readonly at: string
}

interface Counts {
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
}

/** Over the live sessions of this gateway that claim the run. */
export interface RunSoFar extends Counts {
  readonly id: string
  readonly sessions: number
  /** What it asked of all targets before, as far as the requester did; oldest first. */
  readonly recent: readonly RunExchange[]
}

export interface RunExchange {
  readonly exchange: string
  readonly at: string
  readonly target: string
  /** Its actions and what they touch. */
  readonly summary: string
  readonly effect: string | null
  readonly masked: number
}

/** The session that waits, while it is live at this gateway. */
export interface SessionSoFar extends Counts {
  readonly in_flight: number
  /** Its latest exchanges, oldest first; `null` when the log could not be read in time. */
  readonly recent: readonly ExchangeLine[] | null
}

export interface PagePorts extends Pick<ContentPorts, 'unseal'> {
  readonly approvals: Approvals
  /** Those that ended, at whichever gateway. */
  readonly past: ApprovalRecords
  readonly engine: Pick<OpenSessions, 'session' | 'sessions'>
  readonly exchanges: Pick<ExchangeRecords, 'search'>
  readonly store: Pick<EventStore, 'read'>
  readonly clock: { now(): number; monotonic(): number }
  readonly pseudonyms: Pick<Pseudonyms, 'digest'>
  readonly roles: RoleGroups
}

const recentMax = 10
const runRecentMax = 20
const beforeMax = 10
/** A page is shown without its recent exchanges rather than late. */
const recentWithinMs = 1_000

export async function approvalLine(
  approval: ApprovalView,
  sight: Sight,
  ports: PagePorts,
): Promise<ApprovalLine> {
  return lineOf(approval, await requestOf(approval, sight, ports), ports)
}

export async function approvalPage(
  approval: ApprovalView,
  sight: Sight,
  reader: Subject,
  ports: PagePorts,
): Promise<ApprovalPage> {
  const request = await requestOf(approval, sight, ports)
  const { subject, session, exchange, rule, message, approvers, scope, requestedAt, expiresAt } = approval
  return {
    ...lineOf(approval, request, ports),
    requester: subject,
    session,
    exchange,
    rule,
    message: visible(message),
    approvers,
    scope,
    requested_at: isoTime(requestedAt),
    expires_in_s: Math.max(0, Math.ceil((expiresAt - ports.clock.now()) / 1_000)),
    may_not_vote: mayNotVote(approval, reader, ports.roles),
    actions: summaryOf(approval).map(({ name, kind, relations, functions, has_where }) => ({
      name,
      kind,
      relations,
      functions,
      has_where,
    })),
    request,
    votes: approval.votes.map(({ voter, vote, reason, time }) => ({
      voter: voter.id,
      vote,
      reason: visible(reason),
      at: isoTime(time),
    })),
    uses: approval.uses.map((use) => ({
      exchange: use.exchange,
      decision: use.decision,
      at: isoTime(use.time),
    })),
    ended: endOf(approval),
    run: await runSoFar(approval, ports),
    session_so_far: await sessionSoFar(approval, ports),
    before: before(approval, ports),
  }
}

/** Whether a vote would count is the book's to say; this is what a reader is told beforehand. */
export function mayNotVote(approval: ApprovalView, reader: Subject, groups: RoleGroups): string | null {
  const { id, type, issuer, groups: own, on_behalf_of } = reader
  const voter = { id, type, issuer, groups: own, on_behalf_of }
  if (approval.people.includes(id)) return 'Nobody may vote on their own request.'
  if (!rolesOf(reader, groups).has('approver')) return 'This needs the role approver.'
  return ineligible(approval, { voter, people: peopleBehind(reader, new Map()) }) ?? null
}

async function requestOf(
  approval: ApprovalView,
  sight: Sight,
  ports: PagePorts,
): Promise<ShownRequest | null> {
  const content = await contentOf(approval.id, ports)
  return content === null ? null : shownTo(sight, content, summaryOf(approval), ports.pseudonyms)
}

/** `null`: it was erased. */
async function contentOf(id: string, { approvals, past, unseal }: PagePorts): Promise<Uint8Array | null> {
  const record = past.get(id)
  if (record === undefined) return approvals.shown(id)
  const unsealed = await unseal(record.request)
  return unsealed.kind === 'content' ? unsealed.content : null
}

function lineOf(
  approval: ApprovalView,
  request: ShownRequest | null,
  { approvals }: Pick<PagePorts, 'approvals'>,
): ApprovalLine {
  const { id, state, subject, target, votes, quorum, expiresAt } = approval
  return {
    id,
    state,
    subject: subject.id,
    target,
    action: actionOf(approval),
    statement: request?.statement.text ?? null,
    expires_at: isoTime(expiresAt),
    approved: votes.filter(({ vote }) => vote === 'approve').length,
    quorum,
    caller_waits: state === 'pending' ? (approvals.isWaitedFor(id) ?? null) : null,
  }
}

function endOf({ ended }: ApprovalView): ApprovalPage['ended'] {
  return ended === null ? null : { at: isoTime(ended.time), by: ended.by, reason: visible(ended.reason) }
}

async function runSoFar(
  { run, subject, exchange, requestedAt }: ApprovalView,
  { engine, exchanges }: PagePorts,
): Promise<RunSoFar | null> {
  if (run === null) return null
  // The run is a claim: sessions of somebody else who claims it too say nothing of this one.
  const own = engine.sessions().filter((each) => each.run.id === run && each.subject.id === subject.id)
  const sum = (count: (facts: Counts) => number): number =>
    own.reduce((total, { facts }) => total + count(facts), 0)
  const wanted = { run, subject: subject.id, until_ms: requestedAt + 1, last: runRecentMax }
  const recent = (await exchanges.search(wanted)).filter((record) => record.exchange !== exchange)
  return {
    id: visible(run),
    sessions: own.length,
    recent: recent.map(runExchange).toReversed(),
    requests: sum(({ requests }) => requests),
    denied: sum(({ denied }) => denied),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    tokens: sum(({ tokens }) => tokens),
    cost_micros: sum(({ cost_micros }) => cost_micros),
  }
}

function runExchange({ exchange, at_ms, target, summary, effect, masked }: ExchangeRecord): RunExchange {
  return { exchange, at: isoTime(at_ms), target, summary: visible(summary), effect, masked }
}

async function sessionSoFar(
  { session: id }: ApprovalView,
  { engine, store, clock }: PagePorts,
): Promise<SessionSoFar | null> {
  const session = engine.session(id)
  if (session === undefined) return null
  const within = { ms: recentWithinMs, clock }
  const read = await readExchanges(store, id, { after: session.opened, last: recentMax, within })
  return { ...session.facts, recent: read.complete ? read.exchanges : null }
}

function before({ id, binding, subject }: ApprovalView, { approvals }: PagePorts): ApprovalPage['before'] {
  return approvals
    .list()
    .filter((other) => other.binding === binding && other.subject.id === subject.id && other.id !== id)
    .map((other) => ({ id: other.id, state: other.state, at: isoTime(other.requestedAt) }))
    .slice(-beforeMax)
    .toReversed()
}
