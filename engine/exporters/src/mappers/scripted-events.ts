import type { EventData, EventType, SubjectRecord } from '@sluice/core'
import type { ExportableEvent, ExportedEvent } from '../exported.ts'

const alice: SubjectRecord = {
  id: 'https://idp#alice',
  type: 'human',
  issuer: 'https://idp',
  groups: ['analysts'],
  on_behalf_of: null,
}
const vote = { approval: 'apr_1', voter: alice, people: [alice.id], token_id: 't', reason: 'fine' }
const grantVote = { grant: 'grt_1', by: alice, people: [alice.id], token_id: 't', reason: 'fine' }
const actions =
  '[{"name":"sql.select","kind":"select","read_only":true,"relations":[{"schema":"public","name":"customers"}]}]'
const ofExchange = { session: 'ses_1', exchange: 'exc_1' }

/** One of each type, so that none is forgotten. */
export const eventData: { readonly [T in EventType]: EventData[T] } = {
  SessionOpened: {
    session: 'ses_1',
    gateway: 'gw_1',
    target: 'shop',
    protocol: 'postgres',
    subject: alice,
    claims: '{}',
    labels: '{"env":"prod"}',
    token_id: 't',
    token_expires_ms: 2,
    client_ip: '10.0.0.1',
    application: 'app',
  },
  SessionExtended: { session: 'ses_1', subject: alice, claims: '{}', token_id: 't', token_expires_ms: 3 },
  AuthenticationFailed: {
    protocol: 'postgres',
    target: 'shop',
    client_ip: '10.0.0.1',
    code: 'token_refused',
    reason: 'identity/forged',
  },
  LoginsRefused: {
    gateway: 'gw_1',
    refused: 70,
    from_ms: 1_799_999_995_000,
    until_ms: 1_799_999_999_000,
    addresses: [{ client_ip: '10.0.0.9', refused: 70 }],
    reasons: [{ reason: 'identity/forged', refused: 70 }],
  },
  RequestReceived: { ...ofExchange, actions, digest: 'd', bytes: 10 },
  DecisionMade: {
    ...ofExchange,
    decision: 'dec_1',
    effect: 'deny',
    verdicts: '[]',
    rule: 'starter/rule',
    revision: 'rev_1',
    now_ms: 1,
    facts: '{}',
    approvals: '[]',
    grants: '[]',
  },
  DenialsCounted: {
    session: 'ses_1',
    subject: alice.id,
    target: 'shop',
    decision: 'dec_3',
    requests: 900,
    denied: 800,
    from_ms: 1_799_999_995_000,
    until_ms: 1_799_999_999_000,
    rules: [
      { rule: 'starter/other', denied: 100 },
      { rule: 'starter/rule', denied: 700 },
    ],
  },
  AlarmRaised: {
    ...ofExchange,
    decision: 'dec_1',
    subject: alice.id,
    target: 'shop',
    alarm: 'starter/break_glass',
    actions,
  },
  ExchangeAbandoned: { ...ofExchange, reason: 'the caller gave up' },
  ResponseCompleted: {
    ...ofExchange,
    outcome: 'completed',
    status: null,
    rows: 3,
    bytes: 300,
    masked: [{ column: 'public.customers.email', method: 'partial', values: 3 }],
    chunks: 0,
    micros: 12_345,
    usage: null,
  },
  RecordingChunk: { ...ofExchange, direction: 'response', index: 0, bytes: 5 },
  SessionClosed: {
    session: 'ses_1',
    reason: 'the client ended it',
    requests: 1,
    denied: 0,
    rows: 3,
    bytes: 300,
  },
  PolicyActivated: { revision: 'rev_1', compiler: 'c', bundle: '{}', by: alice.id, reason: 'new' },
  PolicyFollowed: { revision: 'rev_1' },
  PolicyRejected: { errors: 'a.rego:1:1: no', by: 'file' },
  TargetRegistered: {
    name: 'shop',
    protocol: 'postgres',
    address: 'db:5432',
    labels: '{}',
    settings: '{}',
    by: 'file',
    entry: null,
  },
  TargetRemoved: { name: 'shop', by: 'file' },
  LogRecovered: { segment: '1.segment', dropped_bytes: 3 },
  GatewayLost: { writer: 'gw_2', epoch: 3, resumes: 0 },
  GatewayJoined: { writer: 'gw_1', epoch: 1, public_key: '00' },
  GatewayLeft: { writer: 'gw_1', epoch: 1 },
  GatewayResumed: { writer: 'gw_1', epoch: 1 },
  KeyErased: { keys: [1, 2], selector: 'subject=x', by: alice.id, reason: 'asked for', holds: 0 },
  TopicRetentionSet: { topic: 'audit', retention_ms: 5 },
  SegmentsRemoved: { first: 1, last: 3, events: 9, link: '0', excerpt: '0', kept: 2, until_ms: 5, holds: 0 },
  LegalHoldPlaced: { hold: 'lgh_1', selector: 'subject=x', by: alice.id, reason: 'case 7' },
  LegalHoldReleased: { hold: 'lgh_1', by: alice.id, reason: 'closed' },
  CheckpointSigned: { writer: 'gw_1', epoch: 1, number: 0, closed: false, heads: [] },
  ApprovalRequested: {
    ...ofExchange,
    approval: 'apr_1',
    target: 'shop',
    subject: alice,
    people: [alice.id],
    run: null,
    binding: 'b',
    rule: 'starter/hold',
    message: 'needs one',
    summary: actions,
    shown_bytes: 3,
    approvers: ['dba'],
    quorum: 1,
    scope: 'once',
    expires_ms: 5,
  },
  ApprovalGranted: vote,
  ApprovalRejected: vote,
  ApprovalExpired: { approval: 'apr_1', reason: 'time' },
  ApprovalCancelled: { approval: 'apr_1', by: alice.id, reason: 'gone' },
  ApprovalConsumed: { ...ofExchange, approval: 'apr_1', decision: 'dec_2' },
  GrantRequested: {
    grant: 'grt_1',
    subject: alice,
    people: [alice.id],
    target: 'shop',
    role: 'reader',
    life_ms: 5,
    reason: 'need it',
    approvers: ['dba'],
    expires_ms: 6,
  },
  GrantGiven: { ...grantVote, expires_ms: 9 },
  GrantRejected: grantVote,
  GrantRevoked: { grant: 'grt_1', by: alice.id, reason: 'done' },
  SessionKilled: { session: 'ses_1', by: alice.id, reason: 'enough' },
  PasswordMinted: {
    password: 'pwd_1',
    subject: alice,
    claims: '{}',
    token_id: 't',
    made_from: [],
    issued_ms: 7,
    expires_ms: 9,
    targets: ['shop'],
    networks: null,
  },
  TokenRevoked: { token: 'tok_1', until_ms: 9, by: alice.id, reason: 'leaked' },
  SubjectRevoked: {
    subject: alice.id,
    issued_up_to_ms: 8,
    until_ms: 9,
    by: alice.id,
    reason: 'left us',
  },
  AdminActed: {
    by: alice,
    token_id: 't',
    action: 'policy.activate',
    resource: 'rev_1',
    outcome: 'refused',
    details: '{}',
  },
}

/** As the join gives it, in a session where it is of one. */
export function exported<T extends EventType>(
  type: T,
  change: Partial<EventData[T]> = {},
  of: Partial<ExportedEvent> = {},
): ExportedEvent {
  const data = { ...eventData[type], ...change }
  const isControl =
    !('session' in data) || type.startsWith('Approval') || type === 'SessionKilled' || type === 'AlarmRaised'
  const event = {
    id: `evt_${type}`,
    stream: isControl ? 'control' : 'ses_1',
    seq: 4,
    writer: 'gw_1',
    epoch: 1,
    time: 1_800_000_000_000,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    run_id: 'run_1',
    schema: 1,
    prev_hash: new Uint8Array(32),
    hash: new Uint8Array(32),
    sig: null,
    position: '1',
    type,
    data,
  } as unknown as ExportableEvent
  const { labels: _, ...opened } = eventData.SessionOpened
  const decided = 'exchange' in data && type !== 'RequestReceived' && !isControl
  return {
    event,
    session: isControl ? null : { ...opened, id: 'ses_1', labels: { env: 'prod' }, opened_ms: 1 },
    exchange: !decided
      ? null
      : {
          id: 'exc_1',
          received_ms: 1,
          actions: JSON.parse(actions) as never,
          digest: 'd',
          bytes: 10,
          decision: {
            ...(type === 'DecisionMade'
              ? (data as EventData['DecisionMade'])
              : { ...eventData.DecisionMade, effect: 'allow' as const }),
            event: 'evt_d',
          },
        },
    approval: type.startsWith('Approval') ? eventData.ApprovalRequested : null,
    grant: type.startsWith('Grant') ? eventData.GrantRequested : null,
    ...of,
  }
}
