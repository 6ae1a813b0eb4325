import { visible, type LiveSession } from '@sluice/core'

/** A session as lists and the stream show it. */
export interface SessionLine {
  readonly id: string
  readonly state: 'open' | 'closed'
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly protocol: string
  readonly client_ip: string
  readonly application: string | null
  readonly run: string | null
  readonly opened_at: string
  readonly token_expires_at: string
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly in_flight: number
}

export function sessionLine(session: LiveSession<unknown>): SessionLine {
  const { id, subject, target, client, run, openedAt, identity, facts } = session
  return {
    id,
    state: 'open',
    subject: subject.id,
    on_behalf_of: subject.on_behalf_of,
    target: target.name,
    protocol: target.protocol,
    client_ip: client.ip,
    application: claimed(client.application),
    run: claimed(run.id),
    opened_at: new Date(openedAt).toISOString(),
    token_expires_at: new Date(identity.expiresAt).toISOString(),
    requests: facts.requests,
    denied: facts.denied,
    rows: facts.rows,
    bytes: facts.bytes,
    in_flight: facts.in_flight,
  }
}

/** What a client says of itself may hold anything. */
function claimed(text: string | null): string | null {
  return text === null ? null : visible(text)
}
