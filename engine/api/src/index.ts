export type { ErasureResult } from './erasures.ts'
export type { AgentConnectionLine, AgentControl, AgentLine, Invited } from './agents.ts'
export { createApi, type ApiPorts } from './app.ts'
export type { ApprovalLine, ApprovalPage } from './approval-page.ts'
export type { ExchangeLine } from './exchange-log.ts'
export type { GrantLine } from './grant-line.ts'
export type { LegalHoldLine } from './legal-holds.ts'
export { Unusable, type Draft, type Finding, type Period, type PolicyDrafts } from './policy-draft.ts'
export type { CanQuestion, PolicyQuestions, Whom } from './policy-question.ts'
export type {
  Policies,
  PolicyActivation,
  PolicyAtGateway,
  PolicyChange,
  PolicyPage,
  PolicyRevision,
  PolicyView,
} from './policies.ts'
export { readConsole, type ConsoleFiles } from './console/files.ts'
export type { PasswordLine } from './passwords.ts'
export type { Readiness } from './ready.ts'
export type { RevocationLine } from './revocations.ts'
export { rolesOf, type Role, type RoleGroups } from './roles.ts'
export type { Exchange, TokenAnswer } from './token.ts'
export type { SessionLine } from './session-line.ts'
export type { SessionPage } from './session-search.ts'
export type { SlackCallbacks, SlackVoter } from './slack.ts'
export type { SshCertificateLine, SshKnownLine, SshOfGateway } from './ssh.ts'
export type { ContentState, RecordingStep } from './recording-step.ts'
export type { FoundLine, FoundPage } from './exchange-search.ts'
export type { AddedLine, AddedTargets, EntryProblem, FindingLine } from './added-targets.ts'
export type { IssuerLine } from './issuers.ts'
export type { SeenSubject, SubjectLine } from './subjects.ts'
export type { ProbeLine, TargetDetail, TargetTerms } from './target-details.ts'
export type { TargetLine } from './targets.ts'
export type { VerificationPage } from './verifications.ts'
export type { SystemState } from './system.ts'
