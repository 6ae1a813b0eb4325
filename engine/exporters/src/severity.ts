import type { ExportableEvent } from './exported.ts'

/** Of syslog: 1 alert … 6 informational. */
export type Severity = 1 | 4 | 5 | 6

const alert = 1
const warning = 4
const notice = 5
const informational = 6

/** How much an event matters, for receivers that route by it. The formats have their own scales beside. */
export function severityOf(event: ExportableEvent): Severity {
  switch (event.type) {
    case 'AlarmRaised':
      return alert
    case 'DecisionMade':
      return event.data.effect === 'deny' ? warning : informational
    case 'DenialsCounted':
    case 'AuthenticationFailed':
    case 'LoginsRefused':
    case 'PolicyRejected':
    case 'LogRecovered':
    case 'GatewayLost':
      return warning
    case 'SessionKilled':
    case 'TokenRevoked':
    case 'SubjectRevoked':
    case 'ApprovalRejected':
    case 'GrantGiven':
    case 'KeyErased':
    case 'SegmentsRemoved':
    case 'LegalHoldPlaced':
    case 'LegalHoldReleased':
    case 'AgentInvited':
    case 'AgentEnrolled':
    case 'AgentRemoved':
    case 'PolicyActivated':
    case 'TargetRegistered':
    case 'TargetRemoved':
      return notice
    default:
      return informational
  }
}
