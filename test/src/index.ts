export {
  enrolmentToken,
  startAgentProcess,
  type AgentProcess,
  type AgentProcessOptions,
} from './agent-process.ts'
export { startAnalyzer, type Analyzer, type AnalyzerManner } from './analyzer.ts'
export { startBackend, type Backend } from './backend.ts'
export { authority, issuedBy, selfSigned, type Authority, type Certificate } from './certificate.ts'
export {
  doorAt,
  nobodyWaits,
  startGateway,
  type Gateway,
  type GatewayOptions,
  type HttpDoor,
} from './gateway.ts'
export type { GatewayTarget } from './gateway-target.ts'
export { startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
export * as httpAnswer from './http-answer.ts'
export type { Answer } from './http-answer.ts'
export { startHttpBackend, type Heard, type HttpBackend, type Script } from './http-backend.ts'
export { HttpClient, HungUp, request, type HttpAnswer } from './http-client.ts'
export { valueOf, type HttpMessage } from './http-message.ts'
export { intercepted } from './intercepted.ts'
export * as message from './message.ts'
export type { BindOptions, Message } from './message.ts'
export { programOf } from './program.ts'
export { messagesOf, startRelay, startupOf, type Passed, type Recorded, type Relay } from './relay.ts'
export { startOpenBao, withoutOpenBao, type OpenBao } from './openbao.ts'
export { sshKeygen } from './openssh.ts'
export { TraceFinder, tracesOf } from './traces.ts'
export { Transcript, type Column, type ServerText } from './transcript.ts'
export { isUnpermitted } from './unpermitted.ts'
export { LoginRefused, WireClient, type Login, type Place } from './wire-client.ts'
export { askpass, openssh, type SshDoor, type SshOptions, type SshOutcome } from './ssh-client.ts'
export { startSshd, type Sshd } from './sshd.ts'
export { leftToWhole } from './whole.ts'
