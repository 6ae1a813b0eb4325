import { AgentFold, type AgentView } from './agent-fold.ts'
import { Control, type ControlPorts } from './control.ts'
import { refusal, Refused } from './errors.ts'
import type { Because } from './legal-holds.ts'
import { isSameSecret } from './same-secret.ts'

/** What somebody shows to enrol an agent. */
export interface Enrolment {
  readonly agent: string
  /** SHA-256 of the secret of its invitation, hexadecimal. */
  readonly secret: string
  /** SHA-256 of the key that the agent made, hexadecimal. */
  readonly publicKey: string
  readonly clientIp: string
}

/** What an agent says of itself when it joins. */
export interface Joining {
  readonly version: string
  readonly clientIp: string
  readonly allows: readonly string[]
}

export type RemoveResult =
  | { readonly kind: 'removed'; readonly agent: AgentView }
  /** Somebody else did. */
  | { readonly kind: 'conflict'; readonly agent: AgentView }
  | { readonly kind: 'unknown' }

/**
 * Agents, folded from the control stream, so that they are the same at all gateways of the log. Commands answer by what
 * the fold made of their own event, and throw `Refused('log_unavailable')` when the log does not take or give it back.
 */
export interface Agents {
  /** `secret`: SHA-256, hexadecimal. Throws `Refused('too_many')`. */
  invite(name: string, secret: string, lifeMs: number, by: string): Promise<AgentView>
  /** Throws `Refused('token_refused')` when the invitation is unknown, used, over or somebody else's. */
  enrol(enrolment: Enrolment): Promise<AgentView>
  /** Durable before anything is sent through it. The id of the connection. Throws `Refused('token_refused')`. */
  join(agent: string, joining: Joining): Promise<string>
  leave(agent: string, connection: string, reason: string): Promise<void>
  /** An agent, or its invitation. */
  remove(agent: string, because: Because): Promise<RemoveResult>
  find(agent: string): AgentView | undefined
  /** In the order of their invitations. */
  list(): readonly AgentView[]
  /** Called after each change that the log tells. */
  onChange(listener: (agent: AgentView) => void): Disposable
  readonly healthy: boolean
  close(): Promise<void>
}

export interface AgentPorts extends ControlPorts {
  /** Of this incarnation. */
  readonly writer: string
  readonly epoch: number
}

/** Invitations that are open and agents that are enrolled, together. */
const liveMax = 2_000

export async function openAgents(ports: AgentPorts): Promise<Agents> {
  const { clock, ids } = ports
  const fold = new AgentFold()
  const listeners = new Set<(agent: AgentView) => void>()
  const control = new Control(ports, (event) => {
    const view = fold.apply(event)
    if (view !== undefined) for (const listener of listeners) listener(view)
    return view !== undefined
  })
  await control.open()
  fold.began(ports.writer, ports.epoch)

  const isLive = ({ state, expiresAt }: AgentView): boolean =>
    state === 'enrolled' || (state === 'invited' && expiresAt > clock.now())

  return {
    async invite(name, secret, lifeMs, by) {
      if (fold.all().filter(isLive).length >= liveMax) throw new Refused(tooMany)
      const agent = ids.next('agt')
      const data = { agent, name, secret, expires_ms: clock.now() + lifeMs, by }
      await control.record({ type: 'AgentInvited', data })
      const view = fold.get(agent)
      if (view === undefined) throw new Error('the invitation was recorded but does not count')
      return view
    },
    async enrol({ agent, secret, publicKey, clientIp }) {
      const view = fold.get(agent)
      if (view === undefined || !isSameSecret(view.secret, secret)) throw new Refused(noInvitation)
      // The answer to the first attempt may have been lost. Only who has the key can do anything with another one.
      if (view.state === 'enrolled' && view.publicKey === publicKey) return view
      if (view.state !== 'invited') throw new Refused(view.state === 'removed' ? removed : used)
      if (view.expiresAt <= clock.now()) throw new Refused(late)
      const data = { agent, name: view.name, public_key: publicKey, client_ip: clientIp }
      const accepted = await control.record({ type: 'AgentEnrolled', data })
      const enrolled = fold.get(agent)
      if (accepted && enrolled !== undefined) return enrolled
      throw new Refused(used)
    },
    async join(agent, { version, clientIp, allows }) {
      const view = fold.get(agent)
      if (view?.state !== 'enrolled') throw new Refused(removed)
      const connection = ids.next('con')
      const data = { agent, name: view.name, connection, version, client_ip: clientIp, allows }
      if (!(await control.record({ type: 'AgentJoined', data }))) throw new Refused(removed)
      return connection
    },
    async leave(agent, connection, reason) {
      const view = fold.get(agent)
      if (view === undefined) return
      await control.record({ type: 'AgentLeft', data: { agent, name: view.name, connection, reason } })
    },
    async remove(agent, because) {
      const before = fold.get(agent)
      if (before === undefined) return { kind: 'unknown' }
      if (before.state === 'removed') return { kind: 'conflict', agent: before }
      const data = { agent, name: before.name, ...because }
      const accepted = await control.record({ type: 'AgentRemoved', data })
      return { kind: accepted ? 'removed' : 'conflict', agent: fold.get(agent) ?? before }
    },
    find: (agent) => fold.get(agent),
    list: () => fold.all(),
    onChange: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    get healthy() {
      return control.healthy
    },
    close: () => control.close(),
  }
}

const noInvitation = refusal(
  'token_refused',
  'agent/token',
  'No agent may enrol with this token: have a new one made (sluice agents enrol <name>).',
)
const used = refusal(
  'token_refused',
  'agent/token_used',
  'An agent has enrolled with this token already: have a new one made (sluice agents enrol <name>).',
)
const late = refusal(
  'token_expired',
  'agent/token_expired',
  'This token has expired: have a new one made (sluice agents enrol <name>).',
)
const removed = refusal(
  'token_refused',
  'agent/removed',
  'This agent was removed: to have it back, enrol it anew (sluice agents enrol <name>).',
)
const tooMany = refusal(
  'too_many',
  'agent/limits',
  `There are ${liveMax} agents and invitations already: remove some (sluice agents rm <id>).`,
)
