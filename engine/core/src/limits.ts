import { tokenLimits } from './token-limits.ts'

const own = {
  /** Sessions of one gateway. */
  sessionsMax: 10_000,
  /** Exchanges of one lane that are judged or running and not yet answered. */
  laneExchangesMax: 1024,
  /** Exchanges judged and appended as one unit. */
  unitExchangesMax: 256,
  /** Bytes of a request message before anything of it is buffered further. */
  requestBytesMax: 16_777_216,
  /** Bytes of the requests of one connection that are judged or running: above it is not read further. */
  laneBytesMax: 33_554_432,
  /** Bytes of one message of an answer: a row is masked whole, so it is held whole. */
  replyMessageBytesMax: 67_108_864,
  /** Answer bytes of one connection that nobody has pulled yet: above it the target is not read further. */
  replyQueueBytesMax: 262_144,
  /** How long a cancelled answer may take to end before its connection is closed. */
  cancelWaitMs: 10_000,
  /** Bytes of a request message before the caller is authenticated. */
  helloBytesMax: 10_240,
  /** A caller must have authenticated by then. */
  helloWaitMs: 30_000,
  /** How long what is ready for a caller waits until it takes any of it. */
  callerStallMs: 300_000,
  /** A connection on which nothing was said for so long is probed by the kernel, whether anybody is there. */
  keepAliveMs: 60_000,
  /** The policy input document after projection. */
  policyInputBytesMax: 65_536,
  /** A leaf of the policy input above this becomes {type, bytes, sha256}. */
  policyLeafBytesMax: 4_096,
  /** Processor time of one evaluation; the time on the wall may be longer while the machine is busy. */
  policyEvaluateMs: 100,
  /** An evaluation is given up after this on the wall, whatever the machine does. */
  policyEvaluateWallMs: 1_000,
  /** An evaluation that runs longer than this no longer counts as a free thread: a spare one takes its place. */
  policySlowMs: 20,
  /** Threads that evaluate policies, slow ones apart. */
  policyThreads: 2,
  /** The same with slow ones. */
  policyThreadsMax: 4,
  /** Requests waiting for a thread that evaluates policies, and how long each may wait. */
  policyQueueMax: 512,
  policyQueueWaitMs: 2_000,
  /** Memory of one evaluating thread in WebAssembly pages of 64 KiB; data and input must fit. */
  policyMemoryPagesMax: 512,
  /** Decisions kept per generation of the cache; two generations are alive. */
  decisionsMax: 8_192,
  /** Characters of the documents and verdicts in one generation of that cache. */
  decisionsCharsMax: 8_388_608,
  /** Characters of one verdict as JSON text: some ten thousand masks. */
  policyVerdictCharsMax: 1_048_576,
  /** Bytes of all files of a policy folder. */
  policyFolderBytesMax: 16_777_216,
  /** Bytes of a bundle in the log, as JSON: a record of the control topic has room for it, and for who activated it. */
  policyBundleBytesMax: 20_971_520,
  /** One call of the policy compiler. */
  policyCompileMs: 60_000,
  /** The compiler's thread is large: it ends after this time without work. */
  policyCompilerIdleMs: 300_000,
  /** Time between two looks at the policy folder where the system tells of no change. */
  policyLookMs: 500,
  /** A changed policy folder is read once two looks so far apart are alike. */
  policySettleMs: 40,
  /** An activation that the log did not take is tried again after this. */
  policyRetryMs: 1_000,
  /** Revisions whose sources are at hand for another activation, and the characters of these; the log has all. */
  policySourcesMax: 64,
  policySourcesCharsMax: 33_554_432,
  /** Revisions that are listed, and can be activated, of those in the log. */
  policyRevisionsMax: 10_000,
  /** Compiled policies kept in the cache folder. */
  policyBuildsMax: 48,
  /** Facts of runs and subjects reach back so far. */
  factsWindowMs: 86_400_000,
  /** Runs and subjects whose facts are at hand. */
  factsKnownMax: 10_000,
  /** Pending approvals of one subject on one target. */
  approvalsPendingMax: 20,
  /** Approvals that are pending or approved. */
  approvalsLiveMax: 5_000,
  /** What a timer can be set to. */
  timerMsMax: 2_147_483_647,
  /** How often one request asks, when others use up the approvals that it waits for or the question changes. */
  holdAsksMax: 20,
  /** Callers of one gateway that wait for an approval. */
  approvalsParkedMax: 1_000,
  /** What the approver of one request is shown: it must be seen whole, so what is larger cannot be approved. */
  approvalShownBytesMax: 65_536,
  /** The same of all that are pending or approved, which are held in memory. */
  approvalsShownBytesMax: 67_108_864,
  /** Executions that one approval releases, whatever its scope. */
  approvalUsesMax: 1_000,
  /** Approvals that ended and are still listed; the log has all. */
  approvalsEndedMax: 5_000,
  /** Why somebody votes or cancels. */
  approvalReasonCharsMax: 500,
  /** The whole life of one approval, from the request on. */
  approvalLifeMs: 604_800_000,
  /** An ending that could not be recorded, or a fold that lost the log, is tried again after this. */
  approvalRetryMs: 1_000,
  /** Access that one subject asked for or has on one target. */
  grantsLiveMax: 20,
  /** Grants of one gateway's memory, those that are over included; the log has all. */
  grantsKeptMax: 20_000,
  /** Of these, such as may still be decided or are valid. */
  grantsAllLiveMax: 10_000,
  /** The least and the most that may be asked for, whatever the configuration says. */
  grantLifeMsMin: 1_000,
  grantLifeMs: 604_800_000,
  /** Somebody must decide by then. */
  grantDecideMs: 86_400_000,
  /** Messages that one destination of notices gets within a window; what comes above it is told in digests. */
  noticesPerWindowMax: 10,
  noticeWindowMs: 60_000,
  /** How long a notice waits for others that make it part of a digest. */
  noticeGatherMs: 100,
  /** An alarm waits no longer than this for the window. */
  noticeAlarmWaitMs: 5_000,
  /** Requests that a digest names; it counts all. */
  noticeDigestMax: 20,
  /** Relations that a notice names; it counts all. */
  noticeRelationsMax: 10,
  /** A text of a request in a notice, the mark of its end included. */
  noticeTextCharsMax: 400,
  /** One attempt to deliver, from the look-up of the address on. */
  noticeAttemptMs: 10_000,
  /** The longest wait before the second attempt, doubled for each one after it up to the most. */
  noticeRetryMs: 1_000,
  noticeRetryMsMax: 300_000,
  /** What a destination itself asks to wait is heeded up to this. */
  noticeRetryAfterMsMax: 900_000,
  /** A notice that could not be delivered for so long is given up; the request stays where people find it. */
  noticeLifeMs: 86_400_000,
  /** What is read of a destination's answer. */
  noticeAnswerBytesMax: 65_536,
  /** Documents, and their bytes, that one exporter delivers at once. */
  exportBatchDocumentsMax: 500,
  exportBatchBytesMax: 1_048_576,
  /** Events that one exporter reads before it keeps its place, whether or not they made documents. */
  exportBatchEventsMax: 5_000,
  /** How long an event waits for others to be exported with it. */
  exportGatherMs: 1_000,
  /** Events that one exporter handles before others have their turn. */
  exportTurnEvents: 32,
  /** One attempt to deliver a batch. */
  exportAttemptMs: 30_000,
  /** The longest wait before the second attempt, doubled for each one after it up to the most. */
  exportRetryMs: 1_000,
  exportRetryMsMax: 60_000,
  /** What a receiver itself asks to wait is heeded up to this. */
  exportRetryAfterMsMax: 900_000,
  /** A batch in flight may finish within this when the gateway stops. */
  exportStopMs: 3_000,
  /** Refusals in a row after which it is the receiver that is wrong: each further one waits as after a failure. */
  exportRefusalsInRowMax: 100,
  /** Open sessions, exchanges, approvals and grants that one exporter remembers. */
  exportContextsMax: 200_000,
  /** Of these, such as are in memory as well. */
  exportContextsInMemoryMax: 5_000,
  /** Events of a session that is over, or of a gateway that was lost, are read at most so much later. */
  exportLateMs: 600_000,
  /** What is read of a receiver's answer. */
  exportAnswerBytesMax: 8_388_608,
  /** A receiver's reason, as it is shown and kept. */
  exportReasonCharsMax: 300,
  /** Spans that wait for a receiver of traces; further ones are lost. */
  telemetrySpansMax: 8_192,
  /** How long spans wait to be sent together. */
  telemetryGatherMs: 1_000,
  /** One request to a receiver of telemetry, tries included. */
  telemetrySendMs: 5_000,
  /** How often metrics are sent. */
  telemetryMetricsMs: 15_000,
  /** What is left may still be sent within this when the gateway stops. */
  telemetryStopMs: 1_000,
  /** A callback of Slack is of now; those that were answered are remembered for as long. */
  slackWindowMs: 300_000,
  slackAnsweredMax: 10_000,
  /** A vote from Slack counts by what the gateway saw of its person within this. */
  slackStandingMs: 86_400_000,
  /** Subjects whose latest groups are remembered. */
  standingsMax: 20_000,
  /** How long a request waits for its decision to be durable. */
  appendWaitMs: 4_000,
  /** The same of what was done already and of which nobody waits to hear: the log may stand still for so long. */
  recordWaitMs: 600_000,
  /** Bytes waiting in the log's queue before an append is refused. */
  appendQueueBytesMax: 67_108_864,
  /** Sealed content kept inside one event. */
  sealedBytesMax: 65_536,
  /** Of an answer that somebody may be looking on at, this long at most is in no record. */
  recordLiveMs: 1_000,
  /** Answer bytes sent to the caller whose capture is not yet durable. */
  captureUnackedBytesMax: 4_194_304,
  /** Chunks of what a session heard unasked that are not yet durable; what comes then shares one. */
  asideChunksMax: 64,
  /** Denials of one subject that are recorded one by one: at once, and in each second after that. */
  denialsBurst: 500,
  denialsPerSecond: 20,
  /** One whose content is larger counts as several. */
  denialBytes: 4_096,
  /** Subjects whose denials are told apart; further ones share what is recorded. */
  denialSubjectsMax: 20_000,
  /** Subjects whose rates of requests to one target are told apart; further ones share one. */
  rateSubjectsMax: 20_000,
  /** Requests of one subject that waited for people in vain, by which further ones are refused at once. */
  vainWaitsBurst: 500,
  vainWaitsPerSecond: 10,
  /** Refused logins of one address that are recorded one by one, at once and in each second after that, and of all. */
  loginRefusalsBurst: 100,
  loginRefusalsPerSecond: 5,
  loginRefusalsAllBurst: 2_000,
  loginRefusalsAllPerSecond: 50,
  /** Addresses that are told apart; further ones share what is recorded. */
  loginAddressesMax: 20_000,
  /** What a refused login asked for, as it is recorded. */
  loginTargetCharsMax: 256,
  /** What is only counted is told in one event after this. */
  countedMs: 5_000,
  /** Rules or addresses that such an event names; it counts all. */
  countedNamesMax: 50,
  /** A refusal's text, reference included. */
  refusalMessageCharsMax: 300,
  /** A running exchange may finish within this after its token expired. */
  exchangeGraceMs: 60_000,
  /** SIGTERM: running exchanges may finish within this. */
  drainMs: 5_000,
  /** The shortest time for which a class of events may be kept. */
  retentionMsMin: 86_400_000,
  /** How often what is older is looked for. */
  retentionSweepMs: 3_600_000,
  /** A secret that a reference names. */
  secretBytesMax: 8_192,
} as const

/**
 * Every queue, message and wait has a named maximum here, its unit last, and what only one protocol has beside its
 * adapter. Relations between them are asserted below, so that a change that breaks one fails at start.
 */
export const limits: typeof own & typeof tokenLimits = { ...own, ...tokenLimits }

export type Limits = { readonly [K in keyof typeof limits]: number }

/** Throws when a relation between limits does not hold. */
export function invariant(holds: boolean, what: string): void {
  if (!holds) throw new Error(`limits: ${what}`)
}
invariant(limits.policyLeafBytesMax < limits.policyInputBytesMax, 'a leaf fits in the policy input')
invariant(limits.policySlowMs < limits.policyEvaluateMs, 'a slow evaluation is replaced before it is refused')
invariant(limits.policyEvaluateMs < limits.policyEvaluateWallMs, 'processor time is the tighter bound')
invariant(limits.policyEvaluateWallMs < limits.policyQueueWaitMs, 'waiting outlasts one runaway evaluation')
invariant(
  limits.policyVerdictCharsMax + limits.policyInputBytesMax < limits.decisionsCharsMax,
  'the largest decision fits in the cache',
)
invariant(limits.policyThreads < limits.policyThreadsMax, 'there is room for a spare thread')
invariant(limits.captureUnackedBytesMax < limits.appendQueueBytesMax, 'one capture cannot fill the log queue')
invariant(limits.sessionsMax < limits.denialSubjectsMax, 'the subjects of all sessions are told apart')
invariant(limits.approvalShownBytesMax <= limits.sealedBytesMax, 'what is shown fits in one event')
invariant(limits.approvalsParkedMax < limits.approvalsLiveMax, 'parked callers find room for their approvals')
invariant(limits.grantsAllLiveMax < limits.grantsKeptMax, 'what may be valid is never forgotten')
invariant(limits.noticesPerWindowMax <= limits.noticeDigestMax, 'what is told one by one is kept one by one')
invariant(
  limits.noticeRetryAfterMsMax < limits.noticeLifeMs,
  'a notice outlives what its destination asks for',
)
invariant(limits.exportBatchDocumentsMax <= limits.exportBatchEventsMax, 'each document is of an event')
invariant(limits.exportStopMs < limits.drainMs, 'exporters stop within the time to drain')
invariant(limits.slackStandingMs <= limits.issuerTokenLifeMs, 'nobody votes longer than with a token')
invariant(limits.issuerTokenBytesMax < limits.helloBytesMax, 'a token fits in a login message')
invariant(limits.issuerKeysRefreshMs < limits.issuerKeysLifeMs, 'keys are refreshed before they are too old')
