import Fastify, { type FastifyInstance } from 'fastify'
import type {
  Approvals,
  Authenticator,
  Clock,
  ConnectionLoad,
  OpenSessions,
  EventStore,
  Finding,
  Grants,
  Ids,
  Kills,
  LegalHolds,
  MintedPasswords,
  Pseudonyms,
  Revocations,
  Target,
  Targets,
} from '@sluice/core'
import type { IssuerState } from '@sluice/identity'
import { addedTargets, type AddedTargets } from './added-targets.ts'
import { agents, type AgentControl } from './agents.ts'
import type { ApprovalRecords } from './approval-records.ts'
import { approvals } from './approvals.ts'
import { defaultBounds, type ApiBounds } from './bounds.ts'
import { browserConsole } from './console/console.ts'
import type { ConsolePorts } from './console/ports.ts'
import { erasures, type ErasurePorts } from './erasures.ts'
import { events } from './events.ts'
import type { ExchangeRecords } from './exchange-records.ts'
import { exchangeSearch } from './exchange-search.ts'
import { exchanges } from './exchanges.ts'
import { grants } from './grants.ts'
import { guarded } from './headers.ts'
import { issuers } from './issuers.ts'
import { legalHolds } from './legal-holds.ts'
import { described, openapi } from './openapi.ts'
import { passwords, type PasswordPorts } from './passwords.ts'
import type { PolicyDrafts } from './policy-draft.ts'
import { policyDrafts } from './policy-drafts.ts'
import type { PolicyQuestions } from './policy-question.ts'
import { policyQuestions } from './policy-questions.ts'
import { policies, type Policies, type PolicyRecords } from './policies.ts'
import { problems, sendError } from './problem.ts'
import { rates } from './rates.ts'
import { ready, type Readiness } from './ready.ts'
import { recordings } from './recordings.ts'
import type { ContentPorts } from './recording-session.ts'
import { revocations } from './revocations.ts'
import type { RoleGroups } from './roles.ts'
import type { SessionRecords } from './session-records.ts'
import { saml, type SamlLogins } from './saml.ts'
import { sessionSearch } from './session-search.ts'
import { sessions } from './sessions.ts'
import { slack, type SlackCallbacks } from './slack.ts'
import { ssh, type SshAuthority, type SshOfGateway } from './ssh.ts'
import { stream } from './stream.ts'
import { system, type SystemState } from './system.ts'
import { subjects, type SeenSubject } from './subjects.ts'
import { targetDetails, type TargetTerms } from './target-details.ts'
import { TargetProbes } from './target-probes.ts'
import { targets, type TargetRecords } from './targets.ts'
import { token, type Exchange } from './token.ts'
import { verifications, type RecordPorts } from './verifications.ts'

/** What the API shows of the engine. */
export interface ApiPorts extends ContentPorts {
  readonly engine: OpenSessions
  readonly authenticator: Authenticator
  readonly store: Pick<EventStore, 'append' | 'read' | 'subscribe'>
  readonly targets: Targets
  /** Targets of all gateways of the log. */
  readonly registered: TargetRecords
  /** Targets that admins add, and whether one is of this gateway's files. */
  readonly added: AddedTargets
  readonly source: (name: string) => 'file' | 'log'
  /** What holds at a target that is served here, connections that its sessions share, and an attempt to log in. */
  readonly terms: (name: string) => TargetTerms | undefined
  readonly load: (target: Pick<Target, 'name' | 'protocol'>) => ConnectionLoad | undefined
  readonly probe: (name: string) => Promise<readonly Finding[]>
  readonly policies: Policies
  /** Policies before they are in force. */
  readonly drafts: PolicyDrafts
  /** Policies, and what they decided and would. */
  readonly questions: PolicyQuestions
  /** What became of policies at all gateways of the log. */
  readonly policyRecords: PolicyRecords
  readonly approvals: Approvals
  /** Approvals that ended, at whichever gateway. */
  readonly past: ApprovalRecords
  readonly grants: Grants
  readonly kills: Pick<Kills, 'kill'>
  readonly revocations: Revocations
  readonly passwords: MintedPasswords
  /** Who vouches for callers, and who was seen here; last comes first. */
  readonly issuers: () => readonly IssuerState[]
  readonly seen: () => readonly SeenSubject[]
  readonly derivedPasswords: PasswordPorts['derivedPasswords']
  readonly erase: ErasurePorts['erase']
  readonly legalHolds: LegalHolds
  /** By which targets in private networks are reached. */
  readonly agents: AgentControl
  /** Sessions of all gateways, as the log tells of them. */
  readonly records: SessionRecords
  /** What was done in them. */
  readonly exchanges: ExchangeRecords
  /** RFC 8693: a provider's token in, a gateway token out. */
  readonly exchange: Exchange
  readonly logins: SamlLogins
  /** People at browsers, and the pages that these show. */
  readonly console: Pick<ConsolePorts, 'signIns' | 'files' | 'publicUrl'>
  /** Signs certificates of SSH, and says by which keys this gateway is known. */
  readonly ssh: SshAuthority & SshOfGateway
  /** Groups that hold each role. */
  readonly roles: RoleGroups
  readonly readiness: () => Readiness
  readonly system: () => SystemState
  /** The log as it is read to be verified. */
  readonly record: RecordPorts
  /** Makes the tags by which approvers recognise values that they do not read. */
  readonly pseudonyms: Pick<Pseudonyms, 'digest'>
  /** Votes by buttons in Slack; `undefined`: there are none. */
  readonly slack?: SlackCallbacks | undefined
  readonly clock: Clock
  readonly ids: Ids
  /** For the operator: what went wrong beside a caller's request. Never content. */
  readonly report: (what: string, error: unknown) => void
  readonly bounds?: Partial<ApiBounds>
}

/** The whole API, without a socket: tests use `inject`, the composition root listens. */
export function createApi(ports: ApiPorts): FastifyInstance {
  const bounds = { ...defaultBounds, ...ports.bounds }
  const app = Fastify({
    logger: false,
    bodyLimit: bounds.bodyBytes,
    requestTimeout: bounds.requestWaitMs,
    http: {
      // Node waits for a body as long as for the head when that is longer, and for that a minute by default.
      headersTimeout: bounds.requestWaitMs,
      // How often Node looks for requests that are late.
      connectionsCheckingInterval: Math.ceil(bounds.requestWaitMs / 6),
    },
    forceCloseConnections: true,
    // A misspelt parameter is an error: dropping it would answer another question than was asked.
    ajv: { customOptions: { removeAdditional: false } },
    // These pass by every hook.
    frameworkErrors: (error, _request, reply) => void sendError(error, guarded(reply)),
  })
  problems(app)
  app.addHook('onSend', async (_request, reply) => void guarded(reply))
  described(app)
  browserConsole(app, { ...ports, ...ports.console, bounds })
  rates(app, ports.authenticator, bounds)
  app.register(openapi)
  app.register(ready(ports))
  app.register(system(ports))
  app.register(token(ports))
  app.register(saml(ports))
  app.register(revocations(ports))
  app.register(passwords(ports))
  app.register(ssh(ports))
  app.register(sessions(ports))
  app.register(sessionSearch(ports))
  app.register(exchanges(ports))
  app.register(exchangeSearch(ports))
  app.register(recordings(ports, bounds))
  app.register(events(ports, bounds))
  const probes = new TargetProbes(ports.clock)
  app.register(targets({ ...ports, probes }))
  app.register(targetDetails({ ...ports, probes }))
  app.register(addedTargets(ports))
  app.register(policies(ports))
  app.register(policyDrafts(ports))
  app.register(policyQuestions(ports))
  app.register(approvals(ports))
  app.register(stream(ports, bounds))
  app.register(grants(ports))
  app.register(erasures(ports))
  app.register(legalHolds(ports))
  app.register(agents(ports))
  app.register(issuers(ports))
  app.register(subjects(ports))
  app.register(verifications(ports))
  if (ports.slack !== undefined) app.register(slack(ports, ports.slack))
  return app
}
